import type { ChatClient, Ending, User } from 'parley/client';
import { useEffect, useErrorBoundary, useMemo, useReducer, useState } from 'preact/hooks';
import { loadWords } from '../language/load.ts';
import type { Words } from '../language/words.ts';
import { createMemberLists } from '../people/member-lists.ts';
import { SignIn } from '../sign-in/sign-in.tsx';
import { type State, useObservable } from '../ui/state.ts';
import { Broken } from './broken.tsx';
import { AppContext, type App as AppParts } from './context.ts';
import { createDialogs } from './dialogs.ts';
import { createDrafts } from './drafts.ts';
import { type Guest, greet, signUpAsGuest, spendInvitation } from './guest.ts';
import { NoticeList } from './notice-list.tsx';
import { createNotices } from './notices.ts';
import { createRoute } from './route.ts';
import type { Settings } from './settings.ts';
import { Shell } from './shell.tsx';

/** Everything on the page: who is signed in, or how to. */
export const App = ({
  client,
  guest,
  settings,
  words,
}: {
  client: ChatClient;
  guest: Guest | undefined;
  settings: Settings;
  words: State<Words>;
}) => {
  const route = useMemo(createRoute, []);
  const notices = useMemo(() => createNotices(words), [words]);
  const dialogs = useMemo(createDialogs, []);
  const dialog = useObservable(dialogs);
  const user = useObservable(client.user);
  // Not by the person alone: who comes back in the same moment has another session, which knows nothing of what is drawn.
  const [session, nextSession] = useReducer<number, void>(count => count + 1, 0);
  const drafts = useMemo(() => createDrafts(user?.id ?? ''), [user?.id, session]);
  useEffect(() => drafts.stop, [drafts]);
  const members = useMemo(() => createMemberLists(client), [client, user?.id, session]);
  useEffect(() => members.stop, [members]);
  const [isStarting, setStarting] = useState(true);
  const [ending, setEnding] = useState<Ending>();
  const [fault] = useErrorBoundary(error => console.error(error));
  useTheme(settings);
  useLanguage(settings, words);

  useEffect(() => {
    const stop = client.on('ended', reason => {
      setEnding(reason);
      nextSession();
      dialogs.close();
      notices.clear();
      route.replace({});
    });
    void begin(client, guest, words.get(), route.replace)
      .catch(notices.fail)
      .finally(() => setStarting(false));
    return stop;
  }, [client, guest, words, route, notices, dialogs]);

  // Whose session was ended elsewhere may come back for what they had begun; who leaves takes it along.
  useEffect(() => client.on('ended', reason => reason !== 'signed_out' && drafts.forget()), [client, drafts]);

  // The same as long as its parts are: whatever uses one of them is drawn again with it.
  const app = useMemo<AppParts>(
    () => ({ client, route, settings, words, notices, drafts, dialogs, members }),
    [client, route, settings, words, notices, drafts, dialogs, members],
  );
  return (
    <AppContext.Provider value={app}>
      {fault ? (
        <Broken />
      ) : user ? (
        <Shell key={`${user.id} ${session}`} me={user} />
      ) : (
        !isStarting && <SignIn ending={ending} />
      )}
      {dialog === undefined && <NoticeList />}
    </AppContext.Provider>
  );
};

/** Goes on as whoever was signed in here; the window of a guest who was invited signs up by itself. */
const begin = async (
  client: ChatClient,
  guest: Guest | undefined,
  words: Words,
  show: (place: { conversation_id: string }) => void,
): Promise<User | undefined> => {
  const kept = await client.restore();
  if (kept || !guest?.isInvited) return kept;
  const user = await signUpAsGuest(client, words);
  spendInvitation(guest);
  await client.synced();
  if (guest.friend) show({ conversation_id: await greet(client, guest.friend, words) });
  return user;
};

const useTheme = (settings: Settings) => {
  const { theme } = useObservable(settings);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const apply = () => {
      const root = document.documentElement;
      root.dataset['theme'] = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme;
      // What a phone draws around the page.
      const ground = getComputedStyle(root).getPropertyValue('--surface');
      for (const each of document.querySelectorAll('meta[name=theme-color]')) each.setAttribute('content', ground);
    };
    apply();
    dark.addEventListener('change', apply);
    return () => dark.removeEventListener('change', apply);
  }, [theme]);
};

const useLanguage = (settings: Settings, words: State<Words>) => {
  const { language } = useObservable(settings);
  useEffect(() => {
    let isCurrent = true;
    let midnight: ReturnType<typeof setTimeout> | undefined;
    const load = async () => {
      const loaded = await loadWords(language);
      if (!isCurrent) return;
      words.set(loaded);
      // What was said today was said yesterday then: new words draw every date anew.
      midnight = setTimeout(load, new Date().setHours(24, 0, 0, 0) - Date.now());
    };
    void load();
    return () => {
      isCurrent = false;
      clearTimeout(midnight);
    };
  }, [language, words]);
  const { language: spoken } = useObservable(words);
  useEffect(() => {
    document.documentElement.lang = spoken;
  }, [spoken]);
};
