import type { Fleet, Group } from './fleet.ts';

/** Rooms of each size; everybody is in at most one room of a size, so a message reaches exactly `size` sockets. */
export interface Population {
  users: number;
  rooms: { size: number; count: number }[];
}

interface Login {
  id: string;
  username: string;
  full_name: string;
  token: string;
}

const password = 'correct horse battery';

const call = async <T>(url: string, method: string, path: string, body: unknown, token?: string): Promise<T> => {
  const response = await fetch(`${url}/api${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};

/** Runs `work` over all items, at most `width` at once. */
const inParallel = async <T, R>(items: T[], width: number, work: (item: T, index: number) => Promise<R>) => {
  const results: R[] = new Array(items.length);
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
};

/** Registers users and makes rooms over REST, as anybody would. Returns what the load generator needs for Parley and for bare. Another `prefix`: others, elsewhere. */
export const populate = async (url: string, { users, rooms }: Population, prefix = 'bench') => {
  const logins = await inParallel(Array.from({ length: users }), 4, async (_, index) => {
    const username = `${prefix}${index}`;
    await call(url, 'POST', '/user/v1/register', { username, password, full_name: `Bench Member ${index}` });
    return await call<Login>(url, 'POST', '/user/v1/login', { username, password });
  });
  const groups: Group[] = [];
  for (const { size, count } of rooms) {
    for (let number = 0; number < count; number++) {
      const members = Array.from({ length: size }, (_, index) => number * size + index);
      const [owner, ...others] = members.map(index => logins[index] as Login);
      const { id } = await call<{ id: string }>(
        url,
        'POST',
        '/conversation/v1',
        { kind: 'room', name: `${prefix} room ${size} ${number}` },
        owner?.token,
      );
      await inParallel(others, 8, other => call(url, 'POST', `/conversation/v1/${id}/join`, {}, other.token));
      groups.push({ id, size, members });
    }
  }
  return { groups, logins };
};

/** What each member of a fleet says in its handshake: Parley reads the token only; bare believes the rest. */
export const parleyFleet = (url: string, logins: Login[], groups: Group[]): Fleet => ({
  url,
  groups,
  auths: logins.map(({ token }) => ({ token })),
});

export const bareFleet = (url: string, logins: Login[], groups: Group[]): Fleet => ({
  url,
  groups,
  auths: logins.map(({ token, id, username, full_name }, index) => ({
    token,
    user: { id, username, full_name },
    rooms: groups.filter(group => group.members.includes(index)).map(group => group.id),
  })),
});
