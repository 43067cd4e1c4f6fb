import { expect, test } from 'vitest';
import { createPeople } from '../../src/accounts/people.ts';
import { createPresenter } from '../../src/messages/present.ts';
import { createVisibility } from '../../src/messages/visibility.ts';
import { start } from './rig.ts';

test('nobody is told without a name because theirs runs out of memory just then', async () => {
  const { storage, log, cluster, states, send, add } = await start();
  const ann = await add();
  await send(ann, 'lobby', 'hello');
  const stored = (await log.range('lobby', 0, 10)).filter(({ from }) => from === ann.user_id);

  let now = 0;
  let step = 0;
  const clock = {
    now: () => {
      now += step;
      return now;
    },
  };
  const people = createPeople({ users: storage.users, cluster, clock });
  const visibility = createVisibility({ states, storage: storage.conversations });
  const presenter = createPresenter({ people, log, visibility });
  await people.get([ann.user_id]);
  // A name is kept for a minute: at the first look it is there, at any other it is not.
  now = 59_998;
  step = 1;
  expect(people.peek(ann.user_id)?.username).toBe(ann.username);
  now = 59_998;
  const [event] = await presenter.events(stored.slice(0, 1));
  expect(event?.from).toEqual({ id: ann.user_id, username: ann.username, full_name: ann.full_name });
});

test('who leaves is told live as the store has them, though the notice that they were erased was lost', async () => {
  const { storage, log, people, presenter, group, call, send, add } = await start();
  const [ann, bob] = [await add(), await add()];
  const id = await group(ann, bob);
  await send(bob, id, 'hello');
  // As another instance does it: nothing is told to this one.
  await storage.users.update(bob.user_id, { username: '', full_name: '' });
  await call(bob, 'conversation:leave', { conversation_id: id });
  expect((await people.get([bob.user_id])).get(bob.user_id)?.username).toBe(bob.username);
  const stored = await log.range(id, 0, 20);
  const [left] = await presenter.events(stored.filter(({ kind }) => kind === 'left'));
  const gone = { id: bob.user_id, username: '', full_name: '' };
  expect(left).toMatchObject({ kind: 'left', from: gone, user: gone });
  // And so is everything that follows.
  const [said] = await presenter.events(stored.filter(({ kind }) => kind === 'message'));
  expect(said?.from).toEqual(gone);
});
