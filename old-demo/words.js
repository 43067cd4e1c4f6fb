// @ts-check
/** @import { User } from '../src/protocol/index.ts' */
/** @import { Listed } from './store.js' */
import { h } from './dom.js';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const shortDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });
const dayMs = 86_400_000;

/** @param {Date} date */
export const dayKey = date => `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;

/** @param {Date} date */
const daysAgo = date => Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / dayMs);

/** @param {Date} date */
export const dayName = date => {
  const ago = daysAgo(date);
  return ago === 0 ? 'Today' : ago === 1 ? 'Yesterday' : longDay.format(date);
};

/** @param {string} iso */
export const timeElement = iso => {
  const date = new Date(iso);
  return h('time', { datetime: iso, title: full.format(date) }, clock.format(date));
};

/** As short as a list needs it. @param {string} iso */
export const shortTime = iso => {
  const date = new Date(iso);
  const ago = daysAgo(date);
  return (ago <= 0 ? clock : ago < 7 ? weekday : shortDay).format(date);
};

/** @param {string} iso */
export const ago = iso => {
  const minutes = Math.floor((Date.now() - Date.parse(iso)) / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 24 * 60 ? `${Math.floor(minutes / 60)} h ago` : `on ${shortDay.format(new Date(iso))}`;
};

/** An erased account has no name left. @param {User} user */
export const nameOf = user => user.full_name || user.username || 'Deleted account';

/** @param {Listed} conversation */
export const titleOf = ({ kind, name, peer }) =>
  kind === 'lobby'
    ? name || 'Lobby'
    : kind === 'direct'
      ? nameOf(peer ?? { id: '', username: '', full_name: '' })
      : (name ?? '');

/** @param {number} count @param {string} one @param {string} many */
export const counted = (count, one, many) => `${count} ${count === 1 ? one : many}`;

const hues = 8;

/** The first letters of a name on a colour of its own. @param {string} id @param {string} name @param {string} [extra] class */
export const avatar = (id, name, extra = '') => {
  const sum = [...id].reduce((total, letter) => (total * 31 + letter.charCodeAt(0)) % 9_973, 7);
  const words = name.trim().split(/\s+/u).slice(0, 2);
  const letters = words.map(word => [...new Intl.Segmenter().segment(word)][0]?.segment ?? '').join('');
  return h('span', { class: `avatar hue-${sum % hues} ${extra}`, 'aria-hidden': 'true' }, letters.toLocaleUpperCase());
};

const tokens = /(https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]|@[\p{L}\p{M}\p{N}._-]+)/u;

/**
 * A message's text with its links and the people it mentions; everything else is text as it stands.
 *
 * @param {{ message: string, mentions: User[], mentions_all?: boolean }} message
 * @param {string} me
 * @returns {(Node | string)[]}
 */
export const richText = ({ message, mentions, mentions_all }, me) =>
  message.split(tokens).map((part, at) => {
    if (at % 2 === 0) return part;
    if (!part.startsWith('@'))
      return h('a', { href: part, target: '_blank', rel: 'noopener noreferrer nofollow' }, part);
    const name = part
      .slice(1)
      .replace(/[.-]+$/u, '')
      .toLocaleLowerCase();
    const mentioned = mentions.find(({ username }) => username.toLocaleLowerCase() === name);
    const all = mentions_all && name === 'all';
    if (!mentioned && !all) return part;
    return h('span', { class: all || mentioned?.id === me ? 'mention mine' : 'mention' }, part);
  });
