import { createKept } from '../ui/kept.ts';
import { createState, type State } from '../ui/state.ts';

export interface Choices {
  readonly theme: 'system' | 'light' | 'dark';
  /** `system`: the browser's, if there is one of ours. */
  readonly language: 'system' | 'en' | 'de';
  /** Notifications of the system while the page is not looked at. */
  readonly notify: boolean;
}

export interface Settings extends State<Choices> {
  change(some: Partial<Choices>): void;
}

const key = 'parley.settings';
const standard: Choices = { theme: 'system', language: 'system', notify: false };

/** Of this browser, for whoever signs in; the same in all tabs. */
export const createSettings = (): Settings => {
  const kept = createKept<Partial<Choices>>(key);
  const read = (): Choices => ({ ...standard, ...kept.read() });
  const choices = createState(read());
  const onStorage = (event: StorageEvent) => {
    if (event.key === key) choices.set(read());
  };
  addEventListener('storage', onStorage);
  const set = (next: Choices) => {
    kept.write(next);
    choices.set(next);
  };
  return {
    ...choices,
    set,
    change: some => set({ ...choices.get(), ...some }),
  };
};
