/** A text that would do harm if it were taken for anything but text, and that turns its surroundings around. */
export const HOSTILE = `<img src=x onerror=alert(1)>"'><script>alert(2)</script>\u202Egnp.${'x'.repeat(120)}`;

/** An address that no link may have. */
export const LINK = 'javascript:alert(3)';

/** One that is well-formed, and leads elsewhere than to GitHub. */
export const ELSEWHERE = 'https://github.com.evil.example/installations/1';
