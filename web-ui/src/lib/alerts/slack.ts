/** A piece of Slack's markup. */
export interface Piece {
  text: string;
  style?: 'bold' | 'code';
  link?: string;
}

/** A part of a message, as far as it is shown. */
export interface Block {
  type: 'header' | 'section' | 'fields' | 'context' | 'actions';
  texts: Piece[][];
}

interface Text {
  type?: string;
  text?: unknown;
}

interface RawBlock {
  type?: string;
  text?: Text;
  fields?: Text[];
  elements?: (Text & { url?: string })[];
}

/** `*bold*`, `` `code` ``, `<address|word>` and `<!date^…|words>`: all that messages are made of. */
const MARKUP = /\*([^*\n]+)\*|`([^`\n]+)`|<([^|>]+)\|([^>]*)>/g;

function unescape(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Takes Slack's markup apart. */
export function pieces(markup: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  const plain = (to: number) => {
    if (to > from) found.push({ text: unescape(markup.slice(from, to)) });
  };
  for (const match of markup.matchAll(MARKUP)) {
    plain(match.index);
    const [all, bold, code, link, word = ''] = match;
    if (bold !== undefined) found.push({ text: unescape(bold), style: 'bold' });
    else if (code !== undefined) found.push({ text: unescape(code), style: 'code' });
    else if (link?.startsWith('!date^')) found.push({ text: unescape(word) });
    else found.push({ text: unescape(word), link: unescape(link ?? '') });
    from = match.index + all.length;
  }
  plain(markup.length);
  return found;
}

function textPieces(text: Text | undefined): Piece[] {
  const value = typeof text?.text === 'string' ? text.text : '';
  return text?.type === 'mrkdwn' ? pieces(value) : [{ text: unescape(value) }];
}

function button({ text, url }: { text?: unknown; url?: string }): Piece[] {
  const word = textPieces(text as Text | undefined)[0]?.text ?? '';
  return [{ text: word, link: url ?? '' }];
}

function blockOf({ type, text, fields, elements }: RawBlock): Block | undefined {
  switch (type) {
    case 'header':
      return { type, texts: [textPieces(text)] };
    case 'section':
      return fields
        ? { type: 'fields', texts: fields.map(textPieces) }
        : { type, texts: [textPieces(text)] };
    case 'context':
      return { type, texts: (elements ?? []).map(textPieces) };
    case 'actions':
      return { type, texts: (elements ?? []).map(button) };
    default:
      return undefined;
  }
}

/** The message that Slack is sent, to be shown. Empty if it is not readable. */
export function blocksOf(json: string): Block[] {
  try {
    const { blocks } = JSON.parse(json) as { blocks?: RawBlock[] };
    return (blocks ?? []).flatMap((block) => blockOf(block) ?? []);
  } catch {
    return [];
  }
}
