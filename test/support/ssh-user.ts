import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { HostView, PromptView, Snapshot } from '../../preload/contract/view';
import { startTestApp, type TestApp, type TestAppOptions } from './app';
import type { TestSshd } from './sshd';

type Prompt<K extends PromptView['kind']> = Extract<PromptView, { kind: K }>;
type Link<K extends HostView['link']['kind']> = Extract<HostView['link'], { kind: K }>;

/** The app, and what its user does about hosts: a home with ~/.ssh, and answers. */
export interface SshUser {
  readonly home: string;
  readonly app: TestApp;
  readonly knownHosts: {
    readonly path: string;
    /** null: there is no such file. */
    text(): string | null;
    write(text: string): Promise<void>;
  };
  /** Replaces ~/.ssh/config. */
  configure(...lines: string[]): Promise<void>;
  /** @returns its id */
  add(address: string): Promise<string>;
  untilLink<K extends HostView['link']['kind']>(hostId: string, kind: K): Promise<Link<K>>;
  /** The host's connection is given up and made anew. */
  reconnect(hostId: string): Promise<void>;
  /** The question that is asked for a host. */
  question<K extends PromptView['kind']>(hostId: string, kind: K): Promise<Prompt<K>>;
  /** Answers the next question for a host and waits until it is gone. @returns the question */
  tell(hostId: string, answers: string[] | null, keep?: boolean): Promise<Prompt<'secret'>>;
  answerKey(hostId: string, answer: 'once' | 'save' | 'refuse'): Promise<Prompt<'host-key'>>;
  /** How many questions were asked so far. */
  questions(): number;
  /** Ends the app and begins a new run on the same profile. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Lines of known_hosts by which servers are known. */
export const linesOf = (...servers: TestSshd[]): string =>
  servers.flatMap(({ port, hostKeys }) => hostKeys.map(({ publicLine }) => `[127.0.0.1]:${port} ${publicLine}\n`)).join('');

/** The lines of ~/.ssh/config for a server. */
export const hostLines = (alias: string, { port, user }: Pick<TestSshd, 'port' | 'user'>, ...more: string[]): string[] => [
  `Host ${alias}`,
  'HostName 127.0.0.1',
  `Port ${port}`,
  ...(more.some((line) => line.startsWith('User ')) ? [] : [`User ${user}`]),
  ...more,
];

export async function startSshUser(options: TestAppOptions = {}): Promise<SshUser> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'reveille-user-'));
  const [config, known] = ['config', 'known_hosts'].map((name) => path.join(home, '.ssh', name)) as [string, string];
  await mkdir(path.join(home, '.ssh'), { mode: 0o700 });
  const dataDir = path.join(home, 'profile');
  await mkdir(dataDir);
  const local = { user: 'nobody', uid: 1, home, hostName: 'here', env: {} };
  const asked = new Set<string>();
  const start = () =>
    startTestApp({
      ...options,
      dataDir,
      ssh: { places: { user: config, system: null, home }, local, usualAgent: () => null, ...options.ssh },
      onPatch(patch) {
        for (const [id, prompt] of Object.entries(patch.prompts ?? {})) if (prompt) asked.add(id);
        options.onPatch?.(patch);
      },
    });
  let app = await start();

  const until = <T>(what: string, look: (view: Snapshot) => T | undefined | false): Promise<T> => app.until(what, look, 20_000);
  const untilLink = <K extends HostView['link']['kind']>(hostId: string, kind: K) =>
    until(`link ${kind}`, ({ hosts }) => {
      const link = hosts[hostId]?.link;
      return link?.kind === kind && (link as Link<K>);
    });
  const question = <K extends PromptView['kind']>(hostId: string, kind: K) =>
    until(`a question about a ${kind}`, ({ prompts }) =>
      Object.values(prompts).find((prompt): prompt is Prompt<K> => prompt.kind === kind && 'hostId' in prompt && prompt.hostId === hostId),
    );
  const gone = (id: string) => until('the question is gone', ({ prompts }) => prompts[id] === undefined);

  return {
    home,
    get app() {
      return app;
    },
    knownHosts: {
      path: known,
      text: () => (existsSync(known) ? readFileSync(known, 'latin1') : null),
      write: (text) => writeFile(known, text, 'latin1'),
    },
    configure: (...lines) => writeFile(config, `${lines.join('\n')}\n`),
    add: async (address) => (await app.call('addHost', { address, name: '' })).hostId,
    untilLink,
    async reconnect(hostId) {
      await app.call('setHostEnabled', { hostId, enabled: false });
      await untilLink(hostId, 'offline');
      await app.call('setHostEnabled', { hostId, enabled: true });
    },
    question,
    async tell(hostId, answers, keep = false) {
      const prompt = await question(hostId, 'secret');
      await app.call('answerSecret', { promptId: prompt.id, answers, keep });
      await gone(prompt.id);
      return prompt;
    },
    async answerKey(hostId, answer) {
      const prompt = await question(hostId, 'host-key');
      await app.call('answerHostKey', { promptId: prompt.id, answer });
      await gone(prompt.id);
      return prompt;
    },
    questions: () => asked.size,
    async restart() {
      await app.stop();
      app = await start();
    },
    async stop() {
      await app.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}
