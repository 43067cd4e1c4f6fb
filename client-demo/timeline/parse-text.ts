import type { Message, User } from 'parley/client';

/** What a text is made of. The `text` of all parts, and what stands around code, is exactly the message. */
export type Part =
  | { readonly kind: 'text' | 'everybody'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string }
  | { readonly kind: 'mention'; readonly text: string; readonly user: User }
  /** `open` and `close` stand around it in the message, and are not shown. */
  | { readonly kind: 'code' | 'block'; readonly text: string; readonly open: string; readonly close: string };

const pattern =
  /(?<open>```\n?)(?<block>[\s\S]+?)(?<close>\n?```\n?)|`(?<code>[^`\n]+)`|(?<link>https?:\/\/[^\s<>"]+)|(?<![\p{L}\p{M}\p{N}._+@/-])@(?<name>[\p{L}\p{M}\p{N}._-]+)/giu;

const mark = '`';
const trailing = ".,;:!?'*_~…»”’";
const brackets: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

const count = (text: string, letter: string) => text.split(letter).length - 1;

/** Without the punctuation of the sentence around it; a bracket stays where it was opened within the address. Linear, whatever was written. */
const trimmed = (address: string): string => {
  const open = new Map(
    Object.entries(brackets).map(([end, begin]) => [end, count(address, begin) - count(address, end)]),
  );
  let length = address.length;
  for (; length > 0; length--) {
    const last = address[length - 1] ?? '';
    const balance = open.get(last);
    if (balance !== undefined && balance < 0) open.set(last, balance + 1);
    else if (!trailing.includes(last)) break;
  }
  return address.slice(0, length);
};

/** These turn the direction of what is written behind them. */
const turning = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** Where it leads, if it reads as what it is: nothing turned round, and no name before the host that looks like one. */
const hrefOf = (text: string): string | undefined => {
  try {
    const { protocol, hostname, username, password, href } = new URL(text);
    const isPlain = hostname !== '' && username === '' && password === '' && !turning.test(text);
    return (protocol === 'http:' || protocol === 'https:') && isPlain ? href : undefined;
  } catch {
    return undefined;
  }
};

const nameKey = (name: string) => name.normalize('NFKC').toLowerCase();

/** The server says who is called by a message; which of its words call them is found here. */
export const parseText = ({
  message,
  mentions,
  mentions_all,
}: Pick<Message, 'message' | 'mentions' | 'mentions_all'>) => {
  const people = new Map(mentions.filter(user => user.username).map(user => [nameKey(user.username), user]));
  const parts: Part[] = [];
  let end = 0;
  const add = (from: number, to: number, part: Part) => {
    if (from > end) parts.push({ kind: 'text', text: message.slice(end, from) });
    parts.push(part);
    end = to;
  };
  for (const { index, 0: whole, groups = {} } of message.matchAll(pattern)) {
    const { open = mark, block, close = mark, code, link, name } = groups;
    const quoted = code ?? block;
    if (quoted !== undefined)
      add(index, index + whole.length, { kind: code ? 'code' : 'block', text: quoted, open, close });
    else if (link !== undefined) {
      const text = trimmed(link);
      const href = hrefOf(text);
      if (href) add(index, index + text.length, { kind: 'link', text, href });
    } else if (name !== undefined) {
      const bare = name.replace(/[._-]+$/u, '');
      const found = [name, bare].find(each => people.has(nameKey(each)));
      const user = found && people.get(nameKey(found));
      if (user) add(index, index + 1 + found.length, { kind: 'mention', text: `@${found}`, user });
      else if (mentions_all && nameKey(bare) === 'all')
        add(index, index + 1 + bare.length, { kind: 'everybody', text: `@${bare}` });
    }
  }
  if (end < message.length) parts.push({ kind: 'text', text: message.slice(end) });
  return parts;
};

const graphemes = new Intl.Segmenter();
const isEmoji = (text: string) =>
  /^\p{Emoji_Presentation}/u.test(text) ||
  /^\p{Extended_Pictographic}\uFE0F/u.test(text) ||
  /^[\d#*]\uFE0F?\u20E3$/u.test(text);

/** How many emoji a text is, where it is one to three of them and nothing else; such ones are shown large. */
export const countEmoji = (text: string): number => {
  // The longest emoji of one grapheme have some 30 units.
  if (text.length > 100 || /[\p{L}]/u.test(text)) return 0;
  const all = [...graphemes.segment(text)].map(({ segment }) => segment).filter(segment => segment.trim() !== '');
  return all.length <= 3 && all.every(isEmoji) ? all.length : 0;
};
