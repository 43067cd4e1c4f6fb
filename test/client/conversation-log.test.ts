import { describe, expect, test } from 'vitest';
import { createConversationLog } from '../../src/client/conversation-log.ts';
import { foldInto } from '../../src/client/fold.ts';
import type { LogEvent, Message, User } from '../../src/protocol/index.ts';
import { seeded } from '../realtime/linked.ts';

const people: User[] = ['ann', 'bob', 'cid'].map(id => ({ id, username: id, full_name: id.toUpperCase() }));
const [ann] = people as [User, ...User[]];
const emoji = ['👍', '👍🏽', '🎉'];

/** What a server would hold: the log, and its messages folded up to any of its events. */
const createServer = (random: () => number) => {
  const log: LogEvent[] = [];
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const folded = (upTo: number, me: string): Message[] => {
    let messages: readonly Message[] = [];
    for (const event of log.slice(0, upTo))
      messages = event.kind === 'message' ? [...messages, { ...event, reactions: [] }] : foldInto(messages, event, me);
    return [...messages];
  };
  /** As it would be refused: editing what is unsent, reacting twice. */
  const isPossible = (event: LogEvent, target: Message) => {
    if (target.unsent) return false;
    if (event.kind !== 'react' && event.kind !== 'unreact') return true;
    const mine = folded(log.length, event.from.id).find(({ id }) => id === target.id);
    const has = mine?.reactions.some(({ emoji, me }) => emoji === event.emoji && me) ?? false;
    return has === (event.kind === 'unreact');
  };
  const add = () => {
    const messages = folded(log.length, ann.id);
    const seq = log.length + 1;
    const envelope = {
      ...{ id: `c.${seq}.x`, conversation_id: 'c', epoch: 'e', seq, n: messages.length, from: pick(people) },
      ...{ date: new Date(seq * 1_000).toISOString(), client_id: `k${seq}` },
    };
    const target = pick(messages);
    const kind = pick(['message', 'message', 'message', 'edit', 'unsend', 'react', 'react', 'unreact'] as const);
    const target_id = target?.id ?? '';
    const event: LogEvent | undefined =
      kind === 'message' || !target
        ? {
            ...{ ...envelope, n: messages.length + 1, kind: 'message', message: `text ${seq}`, mentions: [] },
            ...(target && random() < 0.3
              ? { reply_to: target.id, reply_preview: { id: target.id, from: target.from, message: target.message } }
              : {}),
          }
        : kind === 'edit'
          ? { ...envelope, kind, target_id, message: `edited ${seq}`, mentions: [] }
          : kind === 'unsend'
            ? { ...envelope, kind, target_id }
            : { ...envelope, kind, target_id, emoji: pick(emoji) };
    if (target && event.kind !== 'message' && !isPossible(event, target)) return add();
    if (event.kind === 'message' && target?.unsent && event.reply_preview)
      event.reply_preview = { ...event.reply_preview, message: '', unsent: true };
    log.push(event);
    return event;
  };
  return { log, add, folded };
};

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

describe.each(seeds)('whatever comes in whatever order (seed %i)', seed => {
  test('[G3] [G4] [G5] what is shown is what the server holds', () => {
    const random = seeded(seed);
    const server = createServer(random);
    for (let count = 0; count < 40; count += 1) server.add();
    const device = createConversationLog({ epoch: 'e', seq: Math.floor(random() * 40), me: ann.id, windowSize: 60 });
    const history = (messages: Message[], from: number, to: number, asked: number) => ({
      items: messages.slice(Math.max(0, from), to),
      ...{ hasOlder: from > 0, hasNewer: to < messages.length, asked },
    });
    /** Answers that are still on their way. */
    const late: (() => void)[] = [];
    /** Everything arrives: what is shown is a stretch of what the server holds, to its end unless newer ones are said to be there. */
    const settle = () => {
      for (const answer of late.splice(0)) answer();
      for (const event of server.log.slice(device.cursor().seq)) device.receive(event);
      expect(device.cursor().seq).toBe(server.log.length);
      const window = device.window();
      if (!window) return;
      const { messages, hasNewer } = window;
      const all = server.folded(server.log.length, ann.id);
      const begin = all.findIndex(({ seq }) => seq === messages[0]?.seq);
      expect(messages).toEqual(all.slice(begin, hasNewer ? begin + messages.length : undefined));
      expect(window.hasOlder || begin === 0).toBe(true);
    };
    for (let step = 0; step < 400; step += 1) {
      const chance = random();
      if (step % 40 === 39) settle();
      if (chance < 0.4) {
        const event = server.add();
        // Lost, doubled, or overtaken.
        if (random() < 0.7) device.receive(event);
        if (random() < 0.2) late.push(() => device.receive(event));
      } else if (chance < 0.5) {
        const { seq } = device.cursor();
        const events = server.log.slice(seq, seq + 20);
        late.push(() => {
          for (const event of events) device.receive(event);
        });
      } else if (chance < 0.6) {
        const asked = device.cursor().seq;
        const all = server.folded(server.log.length, ann.id);
        late.push(() => device.show(history(all, all.length - 20, all.length, asked)));
      } else if (chance < 0.7) {
        const asked = device.cursor().seq;
        const all = server.folded(server.log.length, ann.id);
        const oldest = device.window()?.messages[0]?.seq ?? 0;
        const end = all.filter(({ seq }) => seq < oldest).length;
        late.push(() => {
          if (device.window()?.messages[0]?.seq === oldest) device.extend(history(all, end - 15, end, asked), 'older');
        });
      } else late.splice(Math.floor(random() * late.length), 1)[0]?.();
      const shown = device.window()?.messages ?? [];
      const seqs = shown.map(({ seq }) => seq);
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      expect(shown.length).toBeLessThanOrEqual(60);
    }
    settle();
    expect(device.window()?.messages.length).toBeGreaterThan(5);
  });
});
