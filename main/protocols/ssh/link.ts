import ssh2, { type Client } from 'ssh2';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock';
import { algorithmsFor } from './algorithms';
import { authenticator } from './auth';
import { SshError } from './errors';
import { closedByPeer, closedHere, connectionFailure, stepTimeout } from './failures';
import { fingerprint, keyType } from './fingerprint';
import type { Keyring } from './identities';
import type { ConnectSshOptions, PresentedHostKey, SecretRequest, SshEndpoint, SshStepName } from './types';
import { describeHost, printable } from './words';

/** One authenticated ssh2 client. */
export interface Link {
  readonly endpoint: SshEndpoint;
  readonly client: Client;
  readonly serverSoftware: string;
  readonly authenticatedBy: string;
  /** Why it is over; null while it stands. */
  over(): SshError | null;
  /** When the server last said anything, in ms since the epoch. */
  heardAt(): number;
  /** Calls `listener` once, when the link ends and before its channels do; immediately if it has. */
  onOver(listener: (why: SshError) => void): () => void;
  /** Ends it, saying `why` to whoever waits. */
  end(why: SshError): void;
  /** Resolves when nothing of it is left. */
  readonly gone: Promise<void>;
}

export interface LinkOptions
  extends Pick<ConnectSshOptions, 'clock' | 'verifyHostKey' | 'askSecret' | 'onBanner' | 'signal'> {
  readonly endpoint: SshEndpoint;
  readonly stream: Duplex;
  readonly keyring: Keyring;
  readonly readFile: (path: string) => Promise<Buffer>;
  readonly onStep: (name: SshStepName, detail: string) => void;
  readonly stepTimeoutMs: number;
  readonly keepalive: { readonly intervalMs: number; readonly maxMissed: number };
}

/** How long a peer may take to close its end before the stream is torn down, in ms. */
const CLOSE_GRACE_MS = 500;

/**
 * Speaks SSH over `stream`: keys are exchanged, the host's is verified, the user authenticated.
 * @throws SshError; `stream` is closed then
 */
export function openLink(options: LinkOptions): Promise<Link> {
  const { clock, endpoint, stream, onStep, signal, stepTimeoutMs } = options;
  const client = new ssh2.Client();
  const patience = createPatience(clock, stepTimeoutMs, (what) => end(stepTimeout(endpoint, what, stepTimeoutMs)));
  const withdrawn = new AbortController();
  const listeners = new Set<(why: SshError) => void>();
  let stage: 'handshake' | 'authentication' | 'ready' = 'handshake';
  let over: SshError | null = null;
  let questions = 0;
  let offered: readonly string[] = [];
  let software = '';
  let heardAt = clock.now();
  let markGone = () => {};
  const gone = new Promise<void>((resolve) => (markGone = resolve));

  const end = (why: SshError) => {
    if (over) return;
    over = why;
    patience.pause();
    signal?.removeEventListener('abort', giveUp);
    const cancelGrace = clock.setTimer(CLOSE_GRACE_MS, () => {
      stream.destroy();
      markGone();
    });
    void gone.then(cancelGrace);
    for (const listener of listeners) listener(why);
    listeners.clear();
    withdrawn.abort();
    client.end();
  };
  const giveUp = () => end(closedHere(endpoint));
  /** Ends the link by what a caller's callback or our own code raised. */
  const fail = (error: unknown) => {
    if (error instanceof SshError) return end(error);
    end(new SshError('protocol', `Connecting to ${describeHost(endpoint)} failed: ${messageOf(error)}.`, { remedy: 'Try again.', cause: error }));
  };
  /** Lets somebody take their time: the server's answer is not waited for meanwhile. */
  const unhurried = async <T>(question: () => Promise<T>): Promise<T> => {
    patience.pause();
    questions += 1;
    try {
      return await question();
    } finally {
      questions -= 1;
    }
  };
  const verify = hostKeyVerifier(options, withdrawn.signal, unhurried);
  const auth = authenticator({
    ...options,
    offered: () => offered,
    fail,
    async ask(request: SecretRequest) {
      const answer = await unhurried(() => options.askSecret(request, withdrawn.signal));
      if (answer === null) throw cancelled(endpoint);
      const expected = request.kind === 'prompts' ? request.prompts.length : 1;
      const { length } = answer.answers;
      if (length !== expected) throw new Error(`${expected} answers were asked for, and ${length} given`);
      patience.waitFor('an answer to the authentication');
      return answer;
    },
  });
  const tryNext = async (attempt: (method: ssh2.AnyAuthMethod) => void) => {
    stage = 'authentication';
    patience.pause();
    const method = await auth.next();
    if (over) return;
    if (method === null) return end(auth.denial());
    patience.waitFor('an answer to the authentication');
    attempt(method);
  };

  return new Promise<Link>((resolve, reject) => {
    listeners.add(reject);
    client.on('error', (error: Error & { level?: string }) => {
      // What an agent did wrong is noted by the authenticator, and the next key is tried.
      if (error.level === 'agent') return;
      const failure = connectionFailure(endpoint, error, stage);
      if (failure.code === 'too-many-attempts') auth.conclude(false);
      end(failure);
    });
    const onLost = () => end(questions > 0 ? closedMeanwhile(endpoint) : closedByPeer(endpoint));
    client.on('end', onLost).on('close', () => {
      onLost();
      markGone();
    });
    client.on('banner', (text) => options.onBanner?.(printable(text), endpoint));
    client.on('change password', () => end(passwordExpired(endpoint)));
    client.on('ready', () => {
      stage = 'ready';
      patience.pause();
      signal?.removeEventListener('abort', giveUp);
      client.setNoDelay(true);
      auth.conclude(true);
      const proof = auth.proof();
      onStep('authentication', proof);
      listeners.delete(reject);
      resolve({
        endpoint,
        client,
        serverSoftware: software,
        authenticatedBy: proof,
        over: () => over,
        heardAt: () => heardAt,
        onOver(listener) {
          if (over) listener(over);
          else listeners.add(listener);
          return () => void listeners.delete(listener);
        },
        end,
        gone,
      });
    });
    if (signal?.aborted) return giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
    patience.waitFor('its key');
    client.connect({
      sock: stream,
      username: endpoint.user,
      algorithms: algorithmsFor(endpoint.knownKeyTypes),
      // ssh2 takes any returned value for the verdict: nothing may be returned here.
      hostVerifier: (key: Buffer, decide: (accepted: boolean) => void) => {
        verify(key).then((accepted) => {
          if (over) return;
          if (!accepted) return end(notAccepted(endpoint, key));
          if (stage === 'handshake') patience.waitFor('the start of the authentication');
          decide(true);
        }, fail);
      },
      authHandler: (_left, _partial, attempt) => void tryNext(attempt).catch(fail),
      // Only here does ssh2 tell what is still offered after an agent's key was refused (lib/client.js).
      debug: (line) => {
        if (line.startsWith('Inbound: ')) heardAt = clock.now();
        const methods = /^Inbound: Received USERAUTH_FAILURE \((.*)\)$/.exec(line)?.[1];
        if (methods !== undefined) offered = methods.split(',').filter((each) => each !== '');
        software = /^Remote ident: 'SSH-[\d.]+-(.*)'$/.exec(line)?.[1] ?? software;
      },
      readyTimeout: 0,
      keepaliveInterval: options.keepalive.intervalMs,
      keepaliveCountMax: options.keepalive.maxMissed,
      strictVendor: false,
    });
  });
}

/** Asks the caller about the key once; in later key exchanges it must be the same one. */
function hostKeyVerifier(
  { endpoint, verifyHostKey, onStep }: LinkOptions,
  withdrawn: AbortSignal,
  unhurried: <T>(question: () => Promise<T>) => Promise<T>,
): (key: Buffer) => Promise<boolean> {
  let accepted: Buffer | null = null;
  return async (raw) => {
    const key = Buffer.from(raw);
    if (accepted !== null) {
      if (accepted.equals(key)) return true;
      throw changedMeanwhile(endpoint, key);
    }
    const presented: PresentedHostKey = {
      host: endpoint.hostKeyAlias ?? endpoint.host,
      port: endpoint.port,
      type: keyType(key) ?? 'unknown',
      key,
      fingerprint: fingerprint(key),
      endpoint,
    };
    if (!(await unhurried(() => verifyHostKey(presented, withdrawn)))) return false;
    accepted = key;
    onStep('host-key', `${presented.type} ${presented.fingerprint}`);
    return true;
  };
}

/** Limits how long one answer of a server may take. */
function createPatience(clock: Clock, ms: number, onExpired: (what: string) => void) {
  let cancel = () => {};
  return {
    waitFor(what: string) {
      cancel();
      cancel = clock.setTimer(ms, () => onExpired(what));
    },
    pause: () => cancel(),
  };
}

const notAccepted = (endpoint: SshEndpoint, key: Buffer) =>
  new SshError('host-key', `The key of ${describeHost(endpoint)}, ${fingerprint(key)}, was not accepted.`, {
    code: 'not-accepted',
    remedy: 'Compare the fingerprint with the one that the host itself shows (ssh-keygen -lf), and connect again.',
  });

const changedMeanwhile = (endpoint: SshEndpoint, key: Buffer) =>
  new SshError('host-key', `${describeHost(endpoint)} showed another key than before, ${fingerprint(key)}.`, {
    code: 'key-changed-meanwhile',
    remedy: 'Somebody may be in between: find out before you connect again.',
  });

const cancelled = (endpoint: SshEndpoint) =>
  new SshError('authentication', `Authenticating as ${endpoint.user} on ${describeHost(endpoint)} was cancelled.`, {
    code: 'cancelled',
    remedy: 'Connect again to be asked again.',
  });

const passwordExpired = (endpoint: SshEndpoint) =>
  new SshError('authentication', `The password of ${endpoint.user} on ${describeHost(endpoint)} has expired.`, {
    code: 'password-expired',
    remedy: 'Log in with ssh, change it there, and connect again.',
  });

const closedMeanwhile = (endpoint: SshEndpoint) =>
  new SshError('closed', `${describeHost(endpoint)} closed the connection while it waited for an answer.`, {
    code: 'closed-by-peer',
    remedy: 'Servers wait for two minutes as a rule (LoginGraceTime). Connect again.',
  });

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
