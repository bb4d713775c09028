import { decode, int, optional, struct } from './codec';
import { errorDomainName, errorName, type ErrorName } from './error-codes';
import { domain, optionalString, string, uuid } from './values';

/** virnetprotocol.x virNetMessageError */
const wireError = struct({
  code: int,
  domain: int,
  message: optionalString,
  level: int,
  dom: optional(domain),
  str1: optionalString,
  str2: optionalString,
  str3: optionalString,
  int1: int,
  int2: int,
  net: optional(struct({ name: string, uuid })),
});

/** What libvirt says of a call that it refused or that failed. */
export interface LibvirtRefusal {
  /** libvirt/virterror.h virErrorNumber; stable. */
  code: number;
  /** Its name without VIR_ERR_; null for a number that this client does not know. */
  name: ErrorName | null;
  /** The part of libvirt that reports it: virErrorDomain without VIR_FROM_, such as QEMU. */
  domain: string;
  /** Text for people, in the language of the daemon. */
  message: string;
  level: 'none' | 'warning' | 'error';
}

/** @throws XdrError */
export function readRefusal(payload: Buffer): LibvirtRefusal {
  const { code, domain: from, message, level } = decode(wireError, payload);
  const name = errorName(code);
  return {
    code,
    name,
    domain: errorDomainName(from),
    message: message ?? name ?? `error ${code}`,
    level: level === 0 ? 'none' : level === 1 ? 'warning' : 'error',
  };
}

/** remote_protocol.x remote_auth_type; a number as text for one that is not known. */
export type AuthMechanism = 'none' | 'sasl' | 'polkit' | (string & Record<never, never>);

/** Why a connection or a call failed. `procedure` is the call, by its name in the .x file. */
export type LibvirtFailure =
  /** Something that is not libvirt's protocol came where its first message belongs. */
  | { kind: 'not-libvirt'; received: string }
  /** The server wants an authentication that this client does not speak, such as SASL. */
  | { kind: 'unsupported-auth'; offered: AuthMechanism[] }
  /** polkit says no, or has nobody to ask. */
  | { kind: 'auth-refused'; mechanism: AuthMechanism; refusal: LibvirtRefusal }
  /** libvirt refused the call, or carried it out without success. */
  | { kind: 'refused'; procedure: string; refusal: LibvirtRefusal }
  /** This version of libvirt, or this driver of it, does not have the procedure. */
  | { kind: 'unsupported'; procedure: string; refusal: LibvirtRefusal }
  /** `sent` is false for a call that never left, because libvirt had not answered earlier ones. */
  | { kind: 'timeout'; procedure: string; waitedMs: number; sent: boolean }
  /** The arguments cannot be written. */
  | { kind: 'arguments'; procedure: string; detail: string }
  /** A download was longer than the caller allows. */
  | { kind: 'too-long'; procedure: string; maxBytes: number }
  /** libvirt broke the protocol, or answered `procedure` with what that does not have. */
  | { kind: 'protocol'; procedure?: string; detail: string }
  /** The connection is gone; `procedure` is the call that it took along. */
  | { kind: 'closed'; procedure?: string; cause: LibvirtCloseReason };

/** How a connection ended. */
export type LibvirtCloseReason =
  | { kind: 'closed-here' }
  | { kind: 'closed-by-peer' }
  | { kind: 'stream-error'; error: Error }
  /** Nothing was heard for so long, and keepalive's pings stayed without an answer. */
  | { kind: 'keepalive'; silentMs: number }
  | { kind: 'protocol'; error: LibvirtError };

export class LibvirtError extends Error {
  readonly failure: LibvirtFailure;

  constructor(failure: LibvirtFailure) {
    super(describeFailure(failure));
    this.name = 'LibvirtError';
    this.failure = failure;
  }

  get kind(): LibvirtFailure['kind'] {
    return this.failure.kind;
  }

  /** What libvirt itself said; null when the failure is not its answer. */
  get refusal(): LibvirtRefusal | null {
    return 'refusal' in this.failure ? this.failure.refusal : null;
  }
}

/** Whether libvirt answered with one of these errors. */
export function isRefusal(error: unknown, ...names: readonly ErrorName[]): boolean {
  const name = error instanceof LibvirtError ? error.refusal?.name : null;
  return name != null && names.includes(name);
}

/**
 * The failure that a refusal of `procedure` is. An unknown procedure or program is an RPC error with a text,
 * and libvirt's own client goes by that text, too (src/rpc/virnetclientprogram.c).
 */
export function refusalFailure(procedure: string, refusal: LibvirtRefusal): LibvirtFailure {
  const unknown =
    refusal.name === 'RPC' && /^(unknown procedure|Cannot find program)\b/.test(refusal.message);
  const kind = unknown || refusal.name === 'NO_SUPPORT' ? 'unsupported' : 'refused';
  return { kind, procedure, refusal };
}

function describeFailure(failure: LibvirtFailure): string {
  switch (failure.kind) {
    case 'not-libvirt':
      return (
        `This is not a libvirt socket; it said ${JSON.stringify(failure.received)}. ` +
        'Give the address of libvirt-sock or virtqemud-sock.'
      );
    case 'unsupported-auth':
      return (
        `libvirt asks for an authentication that Reveille does not speak (${failure.offered.join(', ')}). ` +
        'Reach it through its unix socket, here or over SSH.'
      );
    case 'auth-refused':
      return `libvirt did not let this user in: ${failure.refusal.message} (${describeCode(failure.refusal)})`;
    case 'refused':
      return `libvirt refused ${failure.procedure}: ${failure.refusal.message} (${describeCode(failure.refusal)})`;
    case 'unsupported':
      return `This libvirt does not have ${failure.procedure}: ${failure.refusal.message}`;
    case 'timeout':
      return failure.sent
        ? `${failure.procedure} got no answer from libvirt within ${failure.waitedMs} ms`
        : `${failure.procedure} could not be sent within ${failure.waitedMs} ms: libvirt is busy with earlier calls`;
    case 'arguments':
      return `${failure.procedure} cannot be asked like this: ${failure.detail}`;
    case 'too-long':
      return `What ${failure.procedure} sends is longer than ${failure.maxBytes} bytes`;
    case 'protocol':
      return failure.procedure === undefined
        ? `libvirt broke the protocol: ${failure.detail}`
        : `libvirt’s answer to ${failure.procedure} is broken: ${failure.detail}`;
    case 'closed':
      return `${failure.procedure ?? 'The connection to libvirt'} failed: ${describeClose(failure.cause)}`;
  }
}

const describeCode = ({ code, name, domain: from }: LibvirtRefusal) => `${name ?? `error ${code}`}, ${from}`;

function describeClose(reason: LibvirtCloseReason): string {
  switch (reason.kind) {
    case 'closed-here':
      return 'the connection was closed by this program';
    case 'closed-by-peer':
      return 'libvirt closed the connection';
    case 'stream-error':
      return `the connection broke (${reason.error.message})`;
    case 'keepalive':
      return `libvirt was silent for ${reason.silentMs} ms`;
    case 'protocol':
      return reason.error.message;
  }
}
