import { jsonFramer, type JsonFault } from '../json-messages';

/** Stands before the answer to guest-sync-delimited; no UTF-8 text has this byte (qga/qapi-schema.json). */
export const SENTINEL = 0xff;

export interface AgentReader {
  push(chunk: Buffer): void;
  /** Drops everything up to the next sentinel. */
  skip(): void;
}

interface ReaderHooks {
  onMessage(text: string, afterSentinel: boolean): void;
  /** What came before is complete or void. */
  onSentinel(): void;
  /** Unreadable bytes; the reader skips to the next sentinel. */
  onFault(fault: JsonFault): void;
}

/** Cuts what an agent sends into messages and sentinels; a sentinel voids a message begun before it. */
export function agentReader(maxMessageBytes: number, hooks: ReaderHooks): AgentReader {
  const framer = jsonFramer(maxMessageBytes);
  let skipping = false;
  let afterSentinel = false;

  const skip = () => {
    skipping = true;
    framer.reset();
  };
  const read = (bytes: Buffer) => {
    const { messages, fault } = framer.push(bytes);
    for (const text of messages) {
      if (skipping) return;
      const first = afterSentinel;
      afterSentinel = false;
      hooks.onMessage(text, first);
    }
    if (!fault || skipping) return;
    skip();
    hooks.onFault(fault);
  };

  return {
    skip,
    push(chunk) {
      let start = 0;
      for (;;) {
        const sentinel = chunk.indexOf(SENTINEL, start);
        const end = sentinel < 0 ? chunk.length : sentinel;
        if (!skipping && end > start) read(chunk.subarray(start, end));
        if (sentinel < 0) return;
        framer.reset();
        skipping = false;
        afterSentinel = true;
        hooks.onSentinel();
        start = sentinel + 1;
      }
    },
  };
}
