// What Parley is measured against: a Socket.IO server that joins rooms, acknowledges and broadcasts. It checks nothing,
// stores nothing and forgets everything, so no chat server with promises can cost less.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

interface Handshake {
  user: { id: string; username: string; full_name: string };
  rooms: string[];
}

interface Send {
  conversation_id: string;
  message: string;
  client_id: string;
}

const server = createServer((_, response) => response.writeHead(404).end());
const io = new Server(server, { serveClient: false });
let id = 0;

io.on('connection', socket => {
  const { user, rooms } = socket.handshake.auth as Handshake;
  socket.join(rooms);
  socket.on('message:send', (input: Send, ack: (answer: unknown) => void) => {
    const { conversation_id, message, client_id } = input;
    const event = { id: String(++id), conversation_id, from: user, date: new Date().toISOString(), client_id, message };
    io.to(conversation_id).emit('message:created', event);
    ack({ ok: true, data: event });
  });
});

server.listen(Number(process.env['PORT']), '127.0.0.1');
process.once('SIGTERM', () => void io.close());
