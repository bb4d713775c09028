import type { HostSettings } from '../../protocols/ssh/settings';
import type { ConnectSshOptions, SecretRequest, SshEndpoint } from '../../protocols/ssh/types';
import type { Question, Questions } from './questions';
import type { Secrets } from './secrets';

type Place = Pick<SshEndpoint, 'user' | 'host' | 'port'>;

/** "me@nas:22", "me@[::1]:2222" */
export const placeOf = ({ user, host, port }: Place): string => `${user}@${host.includes(':') ? `[${host}]` : host}:${port}`;

const passwordName = (place: Place): string => `password:${placeOf(place)}`;
const passphraseName = (keyPath: string): string => `passphrase:${keyPath}`;

/** Everything that may be kept for a host. */
export const secretNames = (settings: HostSettings): string[] => [
  passwordName(settings),
  ...settings.identityFiles.map(passphraseName),
];

/** The name that a secret is kept by; null for answers that are good once, such as codes. */
function secretName(request: SecretRequest): string | null {
  switch (request.kind) {
    case 'passphrase':
      return passphraseName(request.keyPath);
    case 'password':
      return passwordName(request.endpoint);
    case 'prompts':
      return isPassword(request) ? passwordName(request.endpoint) : null;
  }
}

/** Where PAM or the like asks for the password itself, it is the same one and no code that is good once. */
function isPassword({ prompts }: Extract<SecretRequest, { kind: 'prompts' }>): boolean {
  const [prompt] = prompts;
  return prompts.length === 1 && prompt?.echo === false && /^(\([^()]*\) ?)?(\S+['’]s )?password ?: *$/i.test(prompt.text);
}

/**
 * Answers what one connection has to know: by what is known already, else by asking the user. An answer is learned when
 * it has proved right, and what was known is forgotten when it proves wrong; then the user is asked anew. While a secret
 * is being found out, other connections that need it wait for it.
 * @param connected is aborted when the connection stands or has failed
 */
export function secretAsker(
  hostId: string | null,
  { questions, secrets }: { readonly questions: Questions; readonly secrets: Secrets },
  connected: AbortSignal,
): ConnectSshOptions['askSecret'] {
  /** What was known, and has just been refused. */
  const outdated = new Set<string>();
  /** What this connection is finding out, and whether an answer waits for its verdict. */
  const turns = new Map<string, { readonly end: () => void; pending: boolean }>();

  const ask = (request: SecretRequest, name: string | null, withdrawn: AbortSignal) => {
    const isOutdated = name !== null && outdated.delete(name) && request.kind !== 'prompts';
    return questions.askSecret(
      {
        kind: 'secret',
        hostId,
        address: placeOf(request.endpoint),
        ...wordsOf(request, isOutdated),
        again: request.attempt > 1 && !isOutdated,
        canKeep: name !== null && secrets.canKeep,
      },
      withdrawn,
    );
  };

  return async (request, withdrawn) => {
    const name = secretName(request);
    // A server that asks for a password and then for another one has only one of them judged by name.
    if (name === null || turns.get(name)?.pending === true) {
      const { answers } = await ask(request, null, withdrawn);
      return answers && { answers };
    }
    const turn = turns.get(name) ?? { end: await questions.turn(name, connected), pending: true };
    turns.set(name, turn);
    turn.pending = true;
    const end = () => {
      turns.delete(name);
      turn.end();
    };
    const known = request.attempt > 1 ? null : await secrets.recall(name);
    if (known !== null) {
      return {
        answers: [known],
        recalled: true,
        async judged(right) {
          if (right) return end();
          outdated.add(name);
          await secrets.disprove(name, known);
          turn.pending = false;
        },
      };
    }
    const { answers, keep } = await ask(request, name, withdrawn);
    if (answers === null) {
      end();
      return null;
    }
    return {
      answers,
      async judged(right) {
        turn.pending = false;
        const [answer] = answers;
        if (!right || answer === undefined) return;
        await secrets.learn(name, answer, keep);
        end();
      },
    };
  };
}

type Words = Pick<Extract<Question, { kind: 'secret' }>, 'title' | 'instruction' | 'fields'>;

function wordsOf(request: SecretRequest, isOutdated: boolean): Words {
  switch (request.kind) {
    case 'passphrase': {
      const outdated = isOutdated ? ' The passphrase that Reveille knew does not open it any more.' : '';
      return {
        title: 'Passphrase',
        instruction: `The key ${request.keyPath} is encrypted.${outdated}`,
        fields: [{ label: 'Passphrase', echo: false }],
      };
    }
    case 'password':
      return {
        title: 'Password',
        instruction: isOutdated ? 'The password that Reveille knew was not accepted.' : '',
        fields: [{ label: 'Password', echo: false }],
      };
    case 'prompts':
      return {
        title: request.name || 'Sign in',
        instruction: request.instruction,
        fields: request.prompts.map(({ text, echo }) => ({ label: text, echo })),
      };
  }
}
