import type { Page } from 'playwright-core';
import type { Message } from '../../src/protocol/index.ts';
import { api, clientId, command, connect, type Person, password, signIn } from '../support/clients.ts';

type Name = Parameters<typeof command>[1];

/** Somebody who does things without a page. */
export interface Seeder extends Person {
  /** A command that must succeed. */
  ask<N extends Name>(name: N, input: Parameters<typeof command<N>>[2]): ReturnType<typeof command<N>>;
  /** Says all this in this order, much of it at once. */
  say(conversation_id: string, texts: readonly string[]): Promise<Message[]>;
}

const atOnce = 250;

/** Makes an account and a connection, which goes with the server. */
export const seeder = async (server: { url: string }, username: string, full_name = username): Promise<Seeder> => {
  const { status, body } = await api(server)('POST', '/user/v1/register', { username, password, full_name });
  if (status !== 201) throw new Error(`register: ${JSON.stringify(body)}`);
  return seederAgain(server, username);
};

/** With a token of now. */
export const seederAgain = async (server: { url: string }, username: string): Promise<Seeder> => {
  const person = await signIn(server, username);
  const socket = await connect(server, person.token);
  return {
    ...person,
    ask: (name, input) => command(socket, name, input),
    async say(conversation_id, texts) {
      const said: Message[] = [];
      for (let from = 0; from < texts.length; from += atOnce)
        said.push(
          ...(await Promise.all(
            texts
              .slice(from, from + atOnce)
              .map(message => command(socket, 'message:send', { conversation_id, message, client_id: clientId() })),
          )),
        );
      return said;
    },
  };
};

/** `prefix 1`, `prefix 2`, ... */
export const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix} ${index + 1}`);

/** The id of the conversation that is open. */
export const openId = (page: Page): string => decodeURIComponent(new URL(page.url()).hash.split('/')[2] ?? '');
