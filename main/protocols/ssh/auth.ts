import ssh2, { type AnyAuthMethod, type ParsedKey } from 'ssh2';
import type { Clock } from '../../clock';
import { SshError } from './errors';
import { listIdentities, type Identity, type Keyring } from './identities';
import type { SecretReply, SecretRequest, SshEndpoint } from './types';
import { describeHost, printable } from './words';

export interface AuthenticatorOptions {
  readonly clock: Clock;
  readonly endpoint: SshEndpoint;
  readonly keyring: Keyring;
  readonly readFile: (path: string) => Promise<Buffer>;
  /** @throws SshError `cancelled` when the user does */
  readonly ask: (request: SecretRequest) => Promise<SecretReply>;
  /** What the server takes now (RFC 4252, 5.1). Changes when it took one proof and asks for another. */
  readonly offered: () => readonly string[];
  /** A question or an agent ended the attempt for good. */
  readonly fail: (error: unknown) => void;
}

export interface Authenticator {
  /** What to try next. null: there is nothing left. @throws SshError `cancelled` */
  next(): Promise<AnyAuthMethod | null>;
  /** The server is content with the last attempt, or ended the connection because of it. */
  conclude(right: boolean): void;
  /** How the user was authenticated, once that has happened: "key /home/me/.ssh/id_ed25519". */
  proof(): string;
  /** Why not, once `next` gave null. */
  denial(): SshError;
}

interface Attempt {
  readonly label: string;
  readonly method: AnyAuthMethod;
  /** What was answered so far, to be judged by what the server says. */
  readonly given?: readonly SecretReply[];
}

/** Tells of each answer whether it was right; an answer that was, among others that were not, counts as wrong. */
const judge = async (attempt: Attempt, right: boolean): Promise<void> => {
  for (const { judged } of attempt.given ?? []) await judged?.(right);
};

/** How often a user is asked for a password, or to answer prompts, in a stage: ssh(1)'s NumberOfPasswordPrompts. */
const QUESTIONS = 3;
/** A server may ask for several proofs (AuthenticationMethods), but not without end. */
const STAGES = 5;

/** Proves who the user is by what the server offers; in ssh(1)'s order, keys, keyboard-interactive, password, by default. */
export function authenticator(options: AuthenticatorOptions): Authenticator {
  const { endpoint, offered } = options;
  const accepted: string[] = [];
  const tried: string[] = [];
  const notes: string[] = [];
  const attempts = allAttempts(options, accepted, notes);
  let last: Attempt | null = null;
  return {
    async next() {
      last = null;
      const { value } = await attempts.next();
      last = value ?? null;
      if (!value) return null;
      if (value.method.type !== 'none') tried.push(value.label);
      return value.method;
    },
    conclude(right) {
      if (last) void judge(last, right);
    },
    proof: () => [...accepted, tried.at(-1) ?? 'nothing: the server asks for no proof'].join(' and '),
    denial: () => denial(endpoint, offered(), [...new Set(tried)], [...new Set(notes)]),
  };
}

async function* allAttempts(options: AuthenticatorOptions, accepted: string[], notes: string[]): AsyncGenerator<Attempt, void> {
  const { endpoint, offered } = options;
  // RFC 4252, 5.2: the answer names the methods that the server takes.
  yield { label: 'nothing', method: { type: 'none', username: endpoint.user } };
  const rest = { identities: null as Identity[] | null, asked: { password: 0, prompts: 0 } };
  for (let stage = 0; stage < STAGES; stage += 1) {
    const before = offered().join();
    for await (const attempt of stageAttempts(options, rest, notes)) {
      yield attempt;
      const isProof = offered().join() !== before;
      await judge(attempt, isProof);
      if (isProof) {
        accepted.push(attempt.label);
        break;
      }
    }
    if (offered().join() === before) return;
  }
}

interface Rest {
  /** null until the server was seen to take keys. */
  identities: Identity[] | null;
  readonly asked: { password: number; prompts: number };
}

type Method = (options: AuthenticatorOptions, rest: Rest, notes: string[], left: Left) => AsyncGenerator<Attempt, void>;

/** How many questions a stage may still ask. */
interface Left {
  questions: number;
}

/** In ssh(1)'s order. */
const METHODS: ReadonlyMap<string, Method> = new Map([
  ['publickey', keyAttempts],
  ['keyboard-interactive', promptAttempts],
  ['password', passwordAttempts],
]);

async function* stageAttempts(options: AuthenticatorOptions, rest: Rest, notes: string[]): AsyncGenerator<Attempt, void> {
  const { methods = [...METHODS.keys()], passwordPrompts = QUESTIONS } = options.endpoint.credentials;
  const left = { questions: passwordPrompts };
  for (const name of methods) {
    const attempts = METHODS.get(name);
    if (attempts) yield* attempts(options, rest, notes, left);
  }
  for (const name of options.offered()) {
    if (METHODS.has(name) && !methods.includes(name)) notes.push(`${name}: switched off in the SSH configuration`);
  }
}

async function* keyAttempts(options: AuthenticatorOptions, rest: Rest, notes: string[]): AsyncGenerator<Attempt, void> {
  const username = options.endpoint.user;
  if (!options.offered().includes('publickey')) return;
  rest.identities ??= await identitiesOf(options, notes);
  for (let identity = rest.identities.shift(); identity; identity = rest.identities.shift()) {
    const note = (error: Error) => void notes.push(`${identity.label}: ${error.message}`);
    const publicKey = identity.publicKey ?? (await reveal(identity, note));
    if (publicKey === null) continue;
    const agent = new OneKeyAgent(identity, publicKey, (error) => {
      if (error instanceof SshError) options.fail(error);
      else note(error);
    });
    yield { label: identity.label, method: { type: 'agent', username, agent } };
  }
}

async function* promptAttempts(
  { endpoint, offered, ask, fail }: AuthenticatorOptions,
  rest: Rest,
  _notes: string[],
  left: Left,
): AsyncGenerator<Attempt, void> {
  while (offered().includes('keyboard-interactive') && left.questions > 0) {
    const attempt = (rest.asked.prompts += 1);
    const given: SecretReply[] = [];
    const round = { prompted: false };
    yield {
      label: 'your answers',
      given,
      method: {
        type: 'keyboard-interactive',
        username: endpoint.user,
        prompt(name, instruction, _language, prompts, finish) {
          round.prompted = true;
          const shown = prompts.map(({ prompt, echo }) => ({ text: printable(prompt), echo: echo === true }));
          ask({
            kind: 'prompts',
            endpoint,
            attempt,
            name: printable(name),
            instruction: printable(instruction),
            prompts: shown,
          }).then((answer) => {
            given.push(answer);
            finish([...answer.answers]);
          }, fail);
        },
      },
    };
    // A server whose back end is not at home refuses without a question; asking it again would change nothing.
    if (!round.prompted) return;
    if (!given.every(({ recalled }) => recalled === true)) left.questions -= 1;
  }
}

async function* passwordAttempts(
  { endpoint, offered, ask }: AuthenticatorOptions,
  rest: Rest,
  _notes: string[],
  left: Left,
): AsyncGenerator<Attempt, void> {
  while (offered().includes('password') && left.questions > 0) {
    const attempt = (rest.asked.password += 1);
    const answer = await ask({ kind: 'password', endpoint, attempt });
    const [password = ''] = answer.answers;
    yield { label: 'password', given: [answer], method: { type: 'password', username: endpoint.user, password } };
    if (answer.recalled !== true) left.questions -= 1;
  }
}

async function reveal(identity: Identity, note: (error: Error) => void): Promise<ParsedKey | null> {
  try {
    return await identity.reveal();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof SshError) throw error;
    note(error);
    return null;
  }
}

async function identitiesOf(options: AuthenticatorOptions, notes: string[]): Promise<Identity[]> {
  const { clock, endpoint, keyring, readFile, ask } = options;
  const listed = await listIdentities({
    clock,
    credentials: endpoint.credentials,
    keyring,
    readFile,
    askPassphrase: (keyPath, attempt) => ask({ kind: 'passphrase', endpoint, keyPath, attempt }),
  });
  notes.push(...listed.notes);
  return listed.identities;
}

/**
 * An agent with one key, of wherever it is kept. ssh2 asks the server whether the key would do before it has an
 * agent sign, so that a passphrase is asked for only where it opens something. One key at a time, because ssh2
 * does not notice that a server took an agent's key as the first of several proofs.
 */
class OneKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #identity: Identity;
  readonly #publicKey: ParsedKey;
  readonly #onError: (error: Error) => void;

  constructor(identity: Identity, publicKey: ParsedKey, onError: (error: Error) => void) {
    super();
    this.#identity = identity;
    this.#publicKey = publicKey;
    this.#onError = onError;
  }

  override getIdentities(callback: (error: Error | undefined | null, keys?: ParsedKey[]) => void): void {
    callback(null, [this.#publicKey]);
  }

  override sign(_key: ParsedKey, data: Buffer, ...rest: unknown[]): void {
    const callback = rest.at(-1) as (error: Error | null, signature?: Buffer) => void;
    const [options] = rest as [{ hash?: string } | undefined];
    this.#identity.sign(data, options?.hash).then(
      (signature) => callback(null, signature),
      (raised: unknown) => {
        const error = raised instanceof Error ? raised : new Error(String(raised));
        this.#onError(error);
        callback(new Error(error.message));
      },
    );
  }
}

function denial(endpoint: SshEndpoint, offered: readonly string[], tried: string[], notes: string[]): SshError {
  const where = describeHost(endpoint);
  const attempts = tried.length === 0 ? 'There was nothing to try' : `Tried: ${tried.join(', ')}`;
  const takes = offered.length === 0 ? '' : ` The server takes: ${offered.map(printable).join(', ')}.`;
  const problems = notes.length === 0 ? '' : ` Not used: ${notes.join('; ')}.`;
  return new SshError('authentication', `${where} did not accept ${endpoint.user}. ${attempts}.${takes}${problems}`, {
    code: 'denied',
    remedy: offered.includes('password') || offered.includes('keyboard-interactive')
      ? 'Check the user name and the password.'
      : `Check the user name, and put the public half of one of your keys into ~${endpoint.user}/.ssh/authorized_keys on the host (ssh-copy-id).`,
  });
}
