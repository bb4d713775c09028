import { EventEmitter } from 'node:events';
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';

export interface FakeElectron {
  readonly app: FakeApp;
  readonly autoUpdater: FakeSquirrel;
  readonly powerMonitor: EventEmitter;
  readonly net: { request(options: RequestOptions): ClientRequest };
  readonly session: { fromPartition(name: string): object };
  readonly shell: { openPath(file: string): Promise<string> };
}

/** Electron as far as the updater and the app's own edge ask for it. What it fetches, it fetches by Node's own HTTP. */
export const fakeElectron = (userData: string): FakeElectron => ({
  app: new FakeApp(userData),
  autoUpdater: new FakeSquirrel(),
  powerMonitor: new EventEmitter(),
  net: { request: (options) => http.request(options) },
  session: { fromPartition: () => ({}) },
  shell: { openPath: () => Promise.resolve('') },
});

export class FakeApp extends EventEmitter {
  readonly isPackaged = true;
  /** It has ended. */
  ended = false;
  /** What was registered for links: the scheme, and what opens it. */
  readonly schemes: unknown[][] = [];
  /** What it starts when the user signs in, as the system was told. */
  loginItem: { openAtLogin: boolean; path?: string; args?: string[] } | null = null;

  constructor(private readonly userData: string) {
    super();
  }

  getVersion = (): string => '0.1.0';
  getName = (): string => 'Reveille';
  getAppPath = (): string => this.userData;
  getPath = (): string => this.userData;
  whenReady = (): Promise<void> => Promise.resolve();

  /** As Electron: first all are asked whether it may. */
  quit(): void {
    let prevented = false;
    this.emit('before-quit', { preventDefault: () => (prevented = true) });
    if (prevented) return;
    this.ended = true;
    this.emit('quit', {}, 0);
  }

  setAsDefaultProtocolClient(...given: unknown[]): boolean {
    this.schemes.push(given);
    return true;
  }

  setLoginItemSettings(item: { openAtLogin: boolean; path?: string; args?: string[] }): void {
    this.loginItem = item;
  }

  getLoginItemSettings = (): { openAtLogin: boolean } => ({ openAtLogin: this.loginItem?.openAtLogin ?? false });
}

const get = (url: string, headers: Record<string, string>): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    http
      .get(url, { headers }, (response: IncomingMessage) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks)));
        response.on('error', reject);
      })
      .on('error', reject);
  });

/** Squirrel.Mac behind Electron's autoUpdater: it fetches from its feed, then checks the signature, and installs when the app ends. */
export class FakeSquirrel extends EventEmitter {
  /** What is wrong with the next one's signature. */
  refuses: string | null = null;
  /** What it has fetched and accepted, and will install when the app ends. */
  readonly taken: string[] = [];
  /** The app was asked to be started anew, with what was taken. */
  restarts = 0;
  private feed: { url: string; headers: Record<string, string> } | null = null;
  private busy = false;

  setFeedURL(feed: { url: string; headers: Record<string, string> }): void {
    this.feed = feed;
  }

  checkForUpdates(): void {
    if (this.busy) return void this.emit('error', new Error('The command is disabled and cannot be executed'));
    this.busy = true;
    void this.fetch().then(
      (bytes) => {
        this.busy = false;
        this.taken.push(bytes);
        this.emit('update-downloaded');
      },
      (error: unknown) => {
        this.busy = false;
        this.emit('error', error);
      },
    );
  }

  quitAndInstall(): void {
    if (this.taken.length === 0) return void this.emit('error', new Error('No update available, can’t quit and install'));
    this.restarts += 1;
  }

  private async fetch(): Promise<string> {
    if (!this.feed) throw new Error('Update URL is not set');
    const { url, headers } = this.feed;
    const found = JSON.parse((await get(url, headers)).toString()) as { url: string };
    const bytes = await get(found.url, headers);
    if (this.refuses !== null) throw new Error(this.refuses);
    return bytes.toString();
  }
}
