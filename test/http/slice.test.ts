import { afterAll, beforeAll, expect, test } from 'vitest';
import { api, clientId, command, connect, next, signUp } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

test('two people chat: registered and sent over REST and socket, received live, kept by a restart [G1]', async () => {
  const [ada, ben] = [await signUp(server), await signUp(server)];
  const [a, b] = [await connect(server, ada.token), await connect(server, ben.token)];
  const got = next(b, 'message:created', event => event['message'] === 'hello');
  const sent = await command(a, 'message:send', { conversation_id: 'lobby', message: 'hello', client_id: clientId() });
  expect(await got).toMatchObject({ id: sent.id, seq: sent.seq, from: { id: ada.id, username: ada.username } });

  const back = next(a, 'message:created', event => event['message'] === 'by curl');
  const posted = await api(server, ben.token)('POST', '/message/v1/send', {
    conversation_id: 'lobby',
    message: 'by curl',
    client_id: clientId(),
  });
  expect(posted.status).toBe(201);
  expect(await back).toMatchObject({ id: posted.body['id'] });
  a.disconnect();
  b.disconnect();

  await server.restart();
  const history = await api(server, ada.token)('GET', '/message/v1/history?limit=2');
  expect(history.body['items']).toMatchObject([{ message: 'hello' }, { message: 'by curl' }]);
});
