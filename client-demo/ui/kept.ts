/** What this browser keeps for the page beside the library's storage: drafts and settings. Where it keeps nothing, this page does. */
export interface Kept<T> {
  read(): T | undefined;
  write(value: T | undefined): void;
}

export const createKept = <T>(key: string): Kept<T> => {
  let own: T | undefined;
  /** What could not be kept is newer than what is. */
  let isRefused = false;
  return {
    read() {
      if (isRefused) return own;
      try {
        const text = localStorage.getItem(key);
        return text === null ? own : (JSON.parse(text) as T);
      } catch {
        return own;
      }
    },
    write(value) {
      own = value;
      try {
        if (value === undefined) localStorage.removeItem(key);
        else localStorage.setItem(key, JSON.stringify(value));
        isRefused = false;
      } catch {
        // Forbidden or full: it lasts as long as the page.
        isRefused = true;
      }
    },
  };
};
