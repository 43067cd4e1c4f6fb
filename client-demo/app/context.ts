import type { ChatClient } from 'parley/client';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Words } from '../language/words.ts';
import type { MemberLists } from '../people/member-lists.ts';
import { type State, useObservable } from '../ui/state.ts';
import type { Dialogs } from './dialogs.ts';
import type { Drafts } from './drafts.ts';
import type { Notices } from './notices.ts';
import type { Route } from './route.ts';
import type { Settings } from './settings.ts';

/** What every part of the page may use. One for each page; nothing of it lives in a module. */
export interface App {
  readonly client: ChatClient;
  /** What is open: a conversation, a message in it, its members. */
  readonly route: Route;
  readonly settings: Settings;
  /** Texts and dates in the person's language. */
  readonly words: State<Words>;
  /** Short messages that pass by. */
  readonly notices: Notices;
  readonly drafts: Drafts;
  readonly dialogs: Dialogs;
  /** Who is in the conversations that are shown; read with `useMembers`. */
  readonly members: MemberLists;
}

export const AppContext = createContext<App | undefined>(undefined);

export const useApp = (): App => {
  const app = useContext(AppContext);
  if (!app) throw new Error('This is drawn outside of the app.');
  return app;
};

/** Texts and dates in the person's language. */
export const useWords = (): Words => useObservable(useApp().words);
