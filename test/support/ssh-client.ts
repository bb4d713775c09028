import { systemClock } from '../../main/clock';
import { connectSsh } from '../../main/protocols/ssh/connection';
import type { SshError } from '../../main/protocols/ssh/errors';
import type {
  ConnectSshOptions,
  PresentedHostKey,
  SecretRequest,
  SshConnection,
  SshCredentials,
  SshEndpoint,
  SshStep,
} from '../../main/protocols/ssh/types';
import type { TestKey } from './ssh-keys';
import type { TestSshd } from './sshd';

export const NO_CREDENTIALS: SshCredentials = { agent: null, identityFiles: [], identitiesOnly: false };

/** How a test reaches a server: as its own user, with `key`, unless told otherwise. */
export const endpointOf = (
  { host, port, user }: Pick<TestSshd, 'host' | 'port' | 'user'>,
  key: TestKey | null,
  more: Partial<SshEndpoint> = {},
): SshEndpoint => ({
  host,
  port,
  user,
  hostKeyAlias: null,
  knownKeyTypes: [],
  credentials: key === null ? NO_CREDENTIALS : { ...NO_CREDENTIALS, identityFiles: [key.path] },
  ...more,
});

export interface Attempted {
  readonly steps: SshStep[];
  readonly asked: SecretRequest[];
  readonly shown: PresentedHostKey[];
  readonly banners: string[];
  /** Rejects as connectSsh does. */
  readonly connection: Promise<SshConnection>;
}

type Answers = readonly (readonly string[] | null)[];

/** Connects with the system's clock, accepting every key; what is asked gets `answers` in turn. */
export function attempt(
  target: SshEndpoint,
  { answers = [], ...more }: Partial<ConnectSshOptions> & { answers?: Answers } = {},
): Attempted {
  const asked: SecretRequest[] = [];
  const shown: PresentedHostKey[] = [];
  const steps: SshStep[] = [];
  const banners: string[] = [];
  const left = [...answers];
  const connection = connectSsh({
    clock: systemClock,
    target,
    onStep: (step) => void steps.push(step),
    onBanner: (text) => void banners.push(text),
    askSecret(request) {
      asked.push(request);
      const answer = left.shift();
      return answer === undefined ? Promise.reject(new Error(`Nothing to answer ${request.kind} with`)) : Promise.resolve(answer && { answers: answer });
    },
    ...more,
    async verifyHostKey(key, withdrawn) {
      shown.push(key);
      return more.verifyHostKey ? more.verifyHostKey(key, withdrawn) : true;
    },
  });
  connection.catch(() => {});
  return { steps, asked, shown, banners, connection };
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<SshError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome)) throw new Error('It did not fail');
  return outcome.error as SshError;
}
