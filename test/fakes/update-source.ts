import type { FoundUpdate, UpdateSource } from '../../main/updates';

export interface FakeUpdateSource extends UpdateSource {
  /** What was asked of it, in order. */
  readonly asked: readonly string[];
  /** What the next looks find, or fail with; null: nothing newer. */
  finds: FoundUpdate | null | Error;
  downloadFails: Error | null;
}

/** A source of newer versions that nobody publishes. */
export function fakeUpdateSource(given: { readonly missing?: string | null } = {}): FakeUpdateSource {
  const asked: string[] = [];
  return {
    missing: given.missing === undefined ? null : given.missing,
    asked,
    finds: null,
    downloadFails: null,
    check() {
      asked.push('check');
      return this.finds instanceof Error ? Promise.reject(this.finds) : Promise.resolve(this.finds);
    },
    download() {
      asked.push('download');
      return this.downloadFails ? Promise.reject(this.downloadFails) : Promise.resolve();
    },
    install: () => void asked.push('install'),
    installWhenQuit: (on) => void asked.push(`when quit: ${on}`),
  };
}
