import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { Failure, Interrupted, Misuse } from './failures.ts';
import { escapeHidden } from './table.ts';

/** Whoever sits in front of a command. Answers go to standard output, everything else to standard error. */
export interface Terminal {
  /** Whether somebody is there to be asked. */
  readonly interactive: boolean;
  line(text: string): void;
  /** What is worth knowing beside the answer. */
  note(text: string): void;
  json(value: unknown): void;
  /** Throws `Interrupted`, as the others that ask do. */
  ask(question: string): Promise<string>;
  /** Without an echo. */
  askSecret(question: string): Promise<string>;
  /** All of standard input. Throws `Misuse` where it is above `maxBytes` or no UTF-8. */
  readInput(maxBytes: number): Promise<string>;
  /** Where a log goes. */
  readonly stderr: Stream;
}

type Stream = Writable & { isTTY?: boolean };

export interface TerminalParts {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: Stream;
  stderr: Stream;
}

export const createTerminal = ({ stdin, stdout, stderr }: TerminalParts): Terminal => {
  const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

  /** One line of input, with the editing that people expect; where nothing is echoed, not even stars tell the length. */
  const readLine = (question: string, echo: boolean): Promise<string> => {
    // What edits the line prints nothing then, the question neither.
    if (!echo) stderr.write(question);
    const lines = createInterface({
      input: stdin,
      output: echo ? stderr : nowhere(),
      terminal: true,
      historySize: 0,
      prompt: echo ? question : '',
    });
    return new Promise<string>((resolve, reject) => {
      let answer: string | undefined;
      lines.once('line', text => {
        answer = text;
        lines.close();
      });
      lines.once('SIGINT', () => lines.close());
      lines.once('close', () => {
        if (!echo || answer === undefined) stderr.write('\n');
        if (answer === undefined) reject(new Interrupted());
        else resolve(answer);
      });
      lines.prompt();
    });
  };

  return {
    interactive: Boolean(stdin.isTTY && stderr.isTTY),
    line: text => void stdout.write(`${text}\n`),
    note: text => void stderr.write(`${text}\n`),
    json: value => void stdout.write(`${escapeHidden(JSON.stringify(value, null, 2))}\n`),
    ask: question => readLine(question, true),
    askSecret: question => readLine(question, false),
    async readInput(maxBytes) {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of stdin) {
        const bytes = Buffer.from(chunk);
        size += bytes.length;
        if (size > maxBytes) throw new Misuse(`Standard input has more than ${maxBytes} bytes.`);
        chunks.push(bytes);
      }
      try {
        return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
      } catch {
        throw new Misuse('Standard input is not UTF-8.');
      }
    },
    stderr,
  };
};

/** Asks before what cannot be undone: `word` must be typed, or `--yes` given. Throws where it was not. */
export const confirm = async (terminal: Terminal, { question, word, yes }: ConfirmParts): Promise<void> => {
  if (yes) return;
  if (!terminal.interactive)
    throw new Misuse('This cannot be undone, and there is nobody to ask: repeat it with --yes.');
  const answer = await terminal.ask(`${question} Type ${word} to go on: `);
  if (answer.trim().normalize() !== word.normalize()) throw new Failure('Nothing was changed.');
};

interface ConfirmParts {
  question: string;
  word: string;
  yes: boolean;
}
