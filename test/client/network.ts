import { connect, createServer, type Socket } from 'node:net';

/** The way of one device to the server. Bad until it is healed: what passes is delayed, split, held up, cut or lost, as `random` has it. */
export interface Wire {
  readonly url: string;
  /** Cuts whatever there is; what comes anew is accepted. */
  cut(): void;
  /** Cuts and lets nothing in, or lets it in again. */
  refuse(isAway: boolean): void;
  /** Trouble begins. */
  spoil(): void;
  /** From now on everything passes at once. What was lost stays lost: such connections are cut. */
  heal(): void;
  close(): Promise<void>;
}

type Direction = 'up' | 'down';

interface Line {
  cut(): void;
  /** What goes there is lost from now on, and nobody is told. */
  deaf: Direction | undefined;
}

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));

export const startWire = async (target: number, random: () => number): Promise<Wire> => {
  const lines = new Set<Line>();
  let spoiled = false;
  let refusing = false;
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const between = (least: number, most: number) => least + Math.floor(random() * (most - least));

  const write = (to: Socket, data: Buffer) => {
    if (data.length > 0 && to.writable) to.write(data);
  };

  /** Bytes of one direction, which never overtake each other. */
  const carry = async (line: Line, direction: Direction, to: Socket, data: Buffer) => {
    if (line.deaf === direction) return;
    const fate = spoiled ? random() : 1;
    const at = between(0, data.length);
    if (fate < 0.006) {
      if (to.writable) await new Promise(resolve => to.write(data.subarray(0, at), resolve));
      line.cut();
    } else if (fate < 0.15) {
      write(to, data.subarray(0, at));
      await pause(between(0, 30));
      write(to, data.subarray(at));
    } else {
      if (fate < 0.16) await pause(between(100, 400));
      else if (fate < 0.4) await pause(between(0, 20));
      write(to, data);
    }
  };

  const server = createServer({ allowHalfOpen: true }, client => {
    if (refusing || closed) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    const line: Line = {
      deaf: undefined,
      cut() {
        lines.delete(line);
        client.destroy();
        upstream.destroy();
      },
    };
    lines.add(line);
    const pipe = (from: Socket, to: Socket, direction: Direction) => {
      let turn = Promise.resolve();
      from.setNoDelay(true);
      from.on('error', line.cut);
      from.on('data', data => {
        turn = turn.then(() => carry(line, direction, to, data));
      });
      from.on('end', () => {
        turn = turn.then(() => void to.end());
      });
      from.on('close', () => {
        if (client.destroyed && upstream.destroyed) lines.delete(line);
      });
    };
    pipe(client, upstream, 'up');
    pipe(upstream, client, 'down');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The wire has no port.');

  const cut = () => {
    for (const line of [...lines]) line.cut();
  };

  /** What befalls the whole way, one thing after another. */
  const trouble = () => {
    const fate = random();
    const lasting = between(50, 600);
    if (fate < 0.25) cut();
    else if (fate < 0.45) {
      refusing = true;
      cut();
    } else if (fate < 0.75) for (const line of lines) line.deaf ??= random() < 0.5 ? 'up' : 'down';
    timer = setTimeout(() => {
      refusing = false;
      for (const line of [...lines]) if (line.deaf) line.cut();
      timer = setTimeout(trouble, between(200, 1_500));
    }, lasting);
  };

  const heal = () => {
    spoiled = false;
    refusing = false;
    clearTimeout(timer);
    for (const line of [...lines]) if (line.deaf) line.cut();
  };

  return {
    url: `http://127.0.0.1:${address.port}`,
    cut,
    heal,
    refuse(isAway) {
      refusing = isAway;
      if (isAway) cut();
    },
    spoil() {
      spoiled = true;
      timer = setTimeout(trouble, between(0, 1_000));
    },
    async close() {
      closed = true;
      heal();
      cut();
      await new Promise(resolve => server.close(resolve));
    },
  };
};
