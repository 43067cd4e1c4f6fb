// @ts-check
/** @import { LogEvent, Message } from '../src/protocol/index.ts' */

/**
 * What this page holds of one conversation's log: `cursor` is the highest seq up to which every event was applied, so
 * each event counts exactly once whether it comes live, by sync or as an answer to a send, and in whatever order.
 * The messages held are those of an unbroken stretch up to the cursor, once the newest page of history was loaded.
 *
 * @typedef {ReturnType<typeof createLog>} Log
 * @typedef {Extract<LogEvent, { kind: 'message' }>} MessageEvent
 */

const previewLength = 140;
/** A gap larger than this is not worth holding events for: sync brings them. */
const aheadLimit = 500;

/** @param {{ epoch: string, cursor: number }} start */
export const createLog = ({ epoch, cursor }) => {
  /** @type {string | undefined} id of the event at the cursor, where known */
  let cursorId;
  /** @type {Message[]} ascending by seq; replaced, never changed in place, so that a view sees by identity what is new */
  let messages = [];
  let loaded = false;
  let hasOlder = true;
  /** @type {Map<number, LogEvent>} events that wait for those before them */
  const ahead = new Map();
  /** @type {Set<string>} ids of messages whose reactions changed: the server is asked for them as they are now */
  const stale = new Set();

  /** @param {string} id @param {(message: Message) => Message} change */
  const change = (id, change) => {
    messages = messages.map(message => (message.id === id ? change(message) : message));
  };

  /** What replies show of a message that was changed. @param {string} id @param {{ message: string, unsent?: boolean }} now */
  const changePreviews = (id, now) => {
    messages = messages.map(message =>
      message.reply_preview?.id === id
        ? {
            ...message,
            reply_preview: {
              ...message.reply_preview,
              message: now.message.slice(0, previewLength),
              unsent: now.unsent,
            },
          }
        : message,
    );
  };

  /** @param {LogEvent} event */
  const fold = event => {
    if (!loaded) return;
    switch (event.kind) {
      case 'message':
        if (!messages.some(({ seq }) => seq === event.seq))
          messages = [...messages, { reactions: [], ...event }].sort((a, b) => a.seq - b.seq);
        break;
      case 'edit':
        change(event.target_id, message =>
          message.unsent || event.unsent
            ? message
            : { ...message, message: event.message, mentions: event.mentions, edited_at: event.date },
        );
        changePreviews(event.target_id, event);
        break;
      case 'unsend':
        change(event.target_id, message => ({ ...message, message: '', mentions: [], reactions: [], unsent: true }));
        changePreviews(event.target_id, { message: '', unsent: true });
        break;
      case 'react':
      case 'unreact':
        // History comes folded up to a moment that the page does not know, so counting along might count twice.
        if (messages.some(({ id }) => id === event.target_id)) stale.add(event.target_id);
        break;
    }
  };

  /** @param {LogEvent} event */
  const apply = event => {
    cursor = event.seq;
    cursorId = event.id;
    fold(event);
    return event;
  };

  return {
    epoch,
    cursor: () => cursor,
    messages: () => messages,
    isLoaded: () => loaded,
    hasOlder: () => loaded && hasOlder,
    wireCursor: () => ({ epoch, seq: cursor, ...(cursorId && { id: cursorId }) }),
    /** The person's own messages that the server has already, but whose turn has not come. */
    waiting: () => [...ahead.values()],

    /**
     * Takes an event. `applied` are those whose turn came by it, in order; `gap` says that something before it is missing.
     *
     * @param {LogEvent} event
     * @returns {{ applied: LogEvent[], gap: boolean }}
     */
    receive(event) {
      if (event.epoch !== epoch) return { applied: [], gap: true };
      if (event.seq <= cursor) return { applied: [], gap: false };
      if (event.seq > cursor + 1) {
        if (ahead.size < aheadLimit) ahead.set(event.seq, event);
        return { applied: [], gap: true };
      }
      const applied = [apply(event)];
      for (let next = ahead.get(cursor + 1); next; next = ahead.get(cursor + 1)) applied.push(apply(next));
      for (const seq of ahead.keys()) if (seq <= cursor) ahead.delete(seq);
      return { applied, gap: false };
    },

    /** The events before `floor` are not to be had any more: goes on from there. @param {number} floor */
    skipTo(floor) {
      if (floor - 1 <= cursor) return;
      cursor = floor - 1;
      cursorId = undefined;
      messages = [];
      hasOlder = false;
    },

    /**
     * The newest page of history. What stands in it beyond the cursor is left to come as an event.
     *
     * @param {Message[]} items
     * @param {boolean} more
     * @returns {boolean} whether events are missing
     */
    setNewest(items, more) {
      messages = items.filter(({ seq }) => seq <= cursor);
      loaded = true;
      hasOlder = more;
      return messages.length < items.length;
    },

    /** An older page. @param {Message[]} items @param {boolean} more */
    addOlder(items, more) {
      const oldest = messages[0]?.seq ?? Number.POSITIVE_INFINITY;
      messages = [...items.filter(({ seq }) => seq < oldest), ...messages];
      hasOlder = more;
    },

    /** Lets go of the oldest messages, to be loaded again when somebody scrolls there. @param {number} keep */
    trim(keep) {
      if (messages.length <= keep) return;
      messages = messages.slice(-keep);
      const held = new Set(messages.map(({ id }) => id));
      for (const id of stale) if (!held.has(id)) stale.delete(id);
      hasOlder = true;
    },

    /** A message as the server says that it is now. @param {Message} now */
    replace(now) {
      change(now.id, () => now);
    },

    /** @param {Iterable<string>} ids of messages that still have to be asked for */
    markStale(ids) {
      for (const id of ids) stale.add(id);
    },

    /** Takes the ids of messages that have to be asked for. */
    takeStale() {
      const ids = [...stale];
      stale.clear();
      return ids;
    },
  };
};
