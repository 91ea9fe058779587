import { isConflict, refusal } from '../../api/alerts.ts';

/** One thing that a person asks for at a time, and why it was not done. */
export class Action {
  busy = $state(false);
  refused = $state('');
  conflict = $state(false);

  /** Does it, and says whether it was done. */
  async run(task: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.refused = '';
    this.conflict = false;
    try {
      await task();
      return true;
    } catch (error) {
      this.conflict = isConflict(error);
      this.refused = this.conflict ? '' : refusal(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
