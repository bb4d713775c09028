import { MESSAGE_STATUS } from './messages';

/** What the request that a stream belongs to has to do next. */
export type DownloadStep =
  | { kind: 'wait' }
  /** Tell the server: everything has come (`ok`), or send no more (`error`). It answers once more. */
  | { kind: 'send'; status: 'ok' | 'error' }
  /** Everything is here, and both sides know. */
  | { kind: 'done'; data: Buffer }
  /** The stream is over without a result for the caller. */
  | { kind: 'over' }
  /** The server reports an error, and the stream is over: for good, or once the call has its reply. */
  | { kind: 'error'; replied: boolean }
  /** More than the caller allows, who is to be told and to give up. */
  | { kind: 'too-long' }
  | { kind: 'broken'; detail: string };

export interface Download {
  readonly maxBytes: number;
  /** The server's reply has come: the stream exists. */
  begin(): DownloadStep;
  /** A stream packet of the server. */
  take(status: number, payload: Buffer): DownloadStep;
  /** The caller has gone: what comes is dropped. */
  giveUp(): DownloadStep;
}

/**
 * The reading end of a stream (virnetprotocol.x, src/remote/remote_daemon_stream.c): packets with status
 * CONTINUE, of which an empty one says that no more come; then this end finishes with OK and the server
 * confirms with OK. This end may abort with ERROR, which the server confirms as well. Packets may come before
 * the reply of the call.
 */
export function download(maxBytes: number): Download {
  let phase: 'before-reply' | 'receiving' | 'finishing' | 'aborting' | 'over' = 'before-reply';
  let complete = false;
  let failed = false;
  let gone = false;
  let parts: Buffer[] = [];
  let length = 0;

  const drop = () => {
    parts = [];
    length = 0;
  };
  const abort = (): DownloadStep => {
    phase = 'aborting';
    drop();
    return { kind: 'send', status: 'error' };
  };
  const finish = (): DownloadStep => {
    phase = 'finishing';
    return { kind: 'send', status: 'ok' };
  };
  const endWith = (step: DownloadStep): DownloadStep => {
    if (phase !== 'before-reply') phase = 'over';
    return step;
  };
  const takeData = (payload: Buffer): DownloadStep => {
    if (phase === 'aborting' || gone) return { kind: 'wait' };
    if (complete) return { kind: 'broken', detail: 'data after the end of a stream' };
    if (payload.length === 0) {
      complete = true;
      return phase === 'receiving' ? finish() : { kind: 'wait' };
    }
    length += payload.length;
    if (length <= maxBytes) {
      parts.push(payload);
      return { kind: 'wait' };
    }
    return { kind: 'too-long' };
  };

  return {
    maxBytes,
    begin() {
      if (failed) return { kind: 'over' };
      phase = 'receiving';
      if (gone) return abort();
      return complete ? finish() : { kind: 'wait' };
    },
    take(status, payload) {
      switch (status) {
        case MESSAGE_STATUS.continue:
          return takeData(payload);
        case MESSAGE_STATUS.error:
          failed = true;
          return endWith({ kind: 'error', replied: phase !== 'before-reply' });
        case MESSAGE_STATUS.ok:
          if (phase === 'aborting' || gone) return endWith({ kind: 'over' });
          if (phase === 'finishing') return endWith({ kind: 'done', data: Buffer.concat(parts) });
          return { kind: 'broken', detail: 'the end of a stream that was not over' };
        default:
          return { kind: 'broken', detail: `a stream packet with the unknown status ${status}` };
      }
    },
    giveUp() {
      gone = true;
      drop();
      return phase === 'receiving' ? abort() : { kind: 'wait' };
    },
  };
}
