import { type ChatConversation, ChatError, type Message } from 'parley/client';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useApp } from '../app/context.ts';
import type { Draft } from '../app/drafts.ts';
import { type State, useObservable } from '../ui/state.ts';
import type { Target } from './target.ts';
import { isBlank } from './text.ts';

const saveAfterMs = 300;

/**
 * What is being written: a new message, which is kept as a draft with what it answers, or another text for an old one. The draft waits
 * meanwhile, and is back when the edit is over.
 */
export const useWriting = (chat: ChatConversation, target: State<Target | undefined>) => {
  const { drafts, client } = useApp();
  const aim = useObservable(target);
  const kept = useObservable(drafts)[chat.id];
  const [text, setText] = useState(kept?.text ?? '');
  const [edited, setEdited] = useState<string>();
  const reply = useRef<{ id: string; message?: Message } | undefined>(
    kept?.reply_to === undefined ? undefined : { id: kept.reply_to },
  );
  const wasEdit = useRef(false);
  const now = useRef(text);
  now.current = text;
  const saved = useRef(kept);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const save = () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    const { id } = reply.current ?? {};
    const draft: Draft | undefined = isBlank(now.current)
      ? undefined
      : { text: now.current, ...(id !== undefined && { reply_to: id }) };
    if (draft?.text === saved.current?.text && draft?.reply_to === saved.current?.reply_to) return;
    saved.current = draft;
    drafts.put(chat.id, draft);
  };
  const saveSoon = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(save, saveAfterMs);
  };

  useLayoutEffect(() => {
    const isEdit = aim?.kind === 'edit';
    setEdited(isEdit ? aim.message.message : undefined);
    if (aim?.kind === 'reply') reply.current = { id: aim.message.id, message: aim.message };
    else if (!aim && wasEdit.current && reply.current?.message)
      target.set({ kind: 'reply', message: reply.current.message });
    // Where it is only being looked up yet, it was not given up.
    else if (!aim && reply.current?.message) reply.current = undefined;
    wasEdit.current = isEdit;
    saveSoon();
  }, [aim]);

  useEffect(() => {
    addEventListener('pagehide', save);
    return () => {
      removeEventListener('pagehide', save);
      save();
    };
  }, [chat]);

  // What another tab wrote here, where nobody writes in this one.
  useEffect(() => {
    if (kept === saved.current || timer.current !== undefined) return;
    saved.current = kept;
    setText(kept?.text ?? '');
    if (!kept && target.get()?.kind === 'reply') target.set(undefined);
  }, [kept]);

  // The message that a draft answers may have to be asked for.
  const shown = useObservable(chat.messages)?.messages;
  useEffect(() => {
    const wanted = reply.current;
    if (!wanted || wanted.message || !shown) return;
    let isCurrent = true;
    const found = shown.find(({ id }) => id === wanted.id);
    const looking = found ? Promise.resolve(found) : client.call('message:get', { id: wanted.id });
    looking.then(
      message => {
        if (isCurrent && reply.current === wanted && !target.get()) target.set({ kind: 'reply', message });
      },
      error => {
        // Without a connection it is a reply nevertheless.
        const isGone = !(error instanceof ChatError) || !error.retryable;
        if (isCurrent && reply.current === wanted && isGone) reply.current = undefined;
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [shown]);

  return {
    aim,
    text: edited ?? text,
    setText(next: string) {
      if (aim?.kind === 'edit') return setEdited(next);
      setText(next);
      saveSoon();
    },
    /** What was written goes now: the id of what it answers. Leaves an empty field. */
    take(): string | undefined {
      const { id } = reply.current ?? {};
      reply.current = undefined;
      now.current = '';
      setText('');
      save();
      target.set(undefined);
      return id;
    },
  };
};
