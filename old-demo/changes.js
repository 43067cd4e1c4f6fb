// @ts-check

/**
 * Who wants to know that something changed: a view names a topic and looks at the store again. What changed in one turn
 * of the event loop is told once, so that a sync of a thousand events draws once.
 *
 * @typedef {ReturnType<typeof createChanges>} Changes
 */
export const createChanges = () => {
  /** @type {Map<string, Set<() => void>>} */
  const listeners = new Map();
  /** @type {Set<string>} */
  const pending = new Set();

  const tell = () => {
    const topics = [...pending];
    pending.clear();
    const due = new Set(topics.flatMap(topic => [...(listeners.get(topic) ?? [])]));
    for (const listener of due) listener();
  };

  return {
    /** @param {string[]} topics @param {() => void} listener @returns {() => void} stops it */
    on(topics, listener) {
      for (const topic of topics) {
        const set = listeners.get(topic) ?? new Set();
        listeners.set(topic, set.add(listener));
      }
      return () => {
        for (const topic of topics) listeners.get(topic)?.delete(listener);
      };
    },

    /** @param {string[]} topics */
    tell(...topics) {
      if (pending.size === 0) queueMicrotask(tell);
      for (const topic of topics) pending.add(topic);
    },
  };
};
