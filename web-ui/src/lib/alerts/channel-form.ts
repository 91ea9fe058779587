import type { ChannelInit } from '../../api/alerts.ts';
import { type AlertChannel, AlertRepeatPolicy } from '../../gen/lampboard/v1/alert_pb.ts';
import type { ChannelKind } from './looks.ts';

/** A channel as a form holds it. A secret that is left empty stays as it is. */
export interface ChannelForm {
  kind: ChannelKind;
  name: string;
  url: string;
  token: string;
  slackChannel: string;
  addresses: string;
  secret: string;
  holds: boolean;
}

export function newChannel(): ChannelForm {
  return {
    kind: 'slackWebhook',
    name: '',
    url: '',
    token: '',
    slackChannel: '',
    addresses: '',
    secret: '',
    holds: false,
  };
}

/** A stored channel, to be changed. */
export function channelForm({ displayName, repeatPolicy, target }: AlertChannel): ChannelForm {
  return {
    ...newChannel(),
    kind: target.case ?? 'webhook',
    name: displayName,
    slackChannel: target.case === 'slackBot' ? target.value.slackChannel : '',
    addresses: target.case === 'email' ? target.value.addresses.join('\n') : '',
    holds: repeatPolicy === AlertRepeatPolicy.HOLD,
  };
}

function addresses({ addresses }: ChannelForm): string[] {
  return addresses.split(/[\s,;]+/).filter(Boolean);
}

function targetOf(form: ChannelForm): NonNullable<ChannelInit['target']> {
  const url = form.url.trim();
  switch (form.kind) {
    case 'slackWebhook':
      return { case: 'slackWebhook', value: { url } };
    case 'slackBot':
      return {
        case: 'slackBot',
        value: { token: form.token.trim(), slackChannel: form.slackChannel.trim() },
      };
    case 'email':
      return { case: 'email', value: { addresses: addresses(form) } };
    case 'webhook':
      return { case: 'webhook', value: { url, secret: form.secret.trim() } };
  }
}

/** What a form says, over the channel that it changes. */
export function channelOf(form: ChannelForm, stored?: AlertChannel): ChannelInit {
  return {
    id: stored?.id,
    etag: stored?.etag,
    displayName: form.name.trim(),
    repeatPolicy: form.holds ? AlertRepeatPolicy.HOLD : AlertRepeatPolicy.REPEAT,
    target: targetOf(form),
  };
}

/** The fields of a channel that a form sets: secrets only where something was written. */
export function channelPaths(form: ChannelForm): string[] {
  const written = (path: string, text: string) => (text.trim() === '' ? [] : [path]);
  const paths = ['display_name', 'repeat_policy'];
  switch (form.kind) {
    case 'slackWebhook':
      return [...paths, ...written('slack_webhook.url', form.url)];
    case 'slackBot':
      return [...paths, 'slack_bot.slack_channel', ...written('slack_bot.token', form.token)];
    case 'email':
      return [...paths, 'email.addresses'];
    case 'webhook':
      return [
        ...paths,
        ...written('webhook.url', form.url),
        ...written('webhook.secret', form.secret),
      ];
  }
}

export type ChannelFaults = Partial<
  Record<'name' | 'url' | 'token' | 'slackChannel' | 'addresses' | 'secret', string>
>;

function urlFault(url: string, isNew: boolean): string | undefined {
  if (url === '') return isNew ? 'Say where to.' : undefined;
  return URL.canParse(url) ? undefined : 'This is no URL.';
}

function targetFaults(form: ChannelForm, isNew: boolean): ChannelFaults {
  const token = form.token.trim();
  const all = addresses(form);
  switch (form.kind) {
    case 'slackWebhook':
      return { url: urlFault(form.url.trim(), isNew) };
    case 'slackBot':
      return {
        token:
          (isNew || token !== '') && !token.startsWith('xoxb-')
            ? 'A bot’s token begins with xoxb-.'
            : undefined,
        slackChannel: /^[A-Z0-9]+$/.test(form.slackChannel.trim())
          ? undefined
          : 'Give the id of the channel, such as C0123456789: it is at the end of the channel’s details in Slack.',
      };
    case 'email': {
      const wrong = all.find((address) => !/^[^@\s]+@[^@\s]+$/.test(address));
      if (wrong !== undefined) return { addresses: `${wrong} is no address.` };
      return {
        addresses: all.length >= 1 && all.length <= 50 ? undefined : 'Give 1 to 50 addresses.',
      };
    }
    case 'webhook':
      return {
        url: urlFault(form.url.trim(), isNew),
        secret: /^(whsec_\S+)?$/.test(form.secret.trim())
          ? undefined
          : 'A secret begins with whsec_. Leave it empty to have one made.',
      };
  }
}

/** What has to be mended before a channel can be saved. */
export function channelFaults(form: ChannelForm, isNew: boolean): ChannelFaults {
  const name = form.name.trim();
  const faults: ChannelFaults = {
    name:
      name === ''
        ? 'Give it a name.'
        : [...name].length > 100
          ? 'At most 100 characters.'
          : undefined,
    ...targetFaults(form, isNew),
  };
  return Object.fromEntries(Object.entries(faults).filter(([, fault]) => fault !== undefined));
}
