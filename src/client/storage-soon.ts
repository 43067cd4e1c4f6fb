import type { ChatStorage } from './store.ts';

/** A storage that is still being opened, which must not fail: whoever reads or writes waits for it. Its `kind` is `persistent` until it is known. */
export const whenOpen = (opening: Promise<ChatStorage>): ChatStorage => {
  let opened: ChatStorage | undefined;
  void opening.then(storage => {
    opened = storage;
  });
  return {
    list: async prefix => (await opening).list(prefix),
    get: async key => (await opening).get(key),
    write: async changes => (await opening).write(changes),
    subscribe(listener) {
      let stop: (() => void) | undefined;
      let over = false;
      void opening.then(storage => {
        if (over) return;
        stop = storage.subscribe(listener);
        if (storage.kind !== 'persistent') listener([]);
      });
      return () => {
        over = true;
        stop?.();
      };
    },
    get kind() {
      return opened?.kind ?? 'persistent';
    },
    close: () => void opening.then(storage => storage.close()),
  };
};
