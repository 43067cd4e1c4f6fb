import { createState, type State } from '../ui/state.ts';

/** What may lie on top of everything else. */
export type DialogName =
  | { readonly name: 'directory' }
  | { readonly name: 'new-group' }
  | { readonly name: 'new-room' }
  | { readonly name: 'find-people' }
  | { readonly name: 'invite'; readonly conversation_id: string }
  | { readonly name: 'conversation-settings'; readonly conversation_id: string }
  | { readonly name: 'readers'; readonly message_id: string }
  | { readonly name: 'profile' }
  | { readonly name: 'devices' }
  | { readonly name: 'settings' }
  | { readonly name: 'inbox' }
  | { readonly name: 'shortcuts' }
  | {
      readonly name: 'confirm';
      readonly title: string;
      readonly text: string;
      readonly action: string;
      run(): Promise<unknown>;
      /** After it was done, and the focus was given back. */
      done?(): void;
    };

export interface Dialogs extends State<DialogName | undefined> {
  open(dialog: DialogName): void;
  close(): void;
}

export const createDialogs = (): Dialogs => {
  const shown = createState<DialogName | undefined>(undefined);
  return { ...shown, open: shown.set, close: () => shown.set(undefined) };
};
