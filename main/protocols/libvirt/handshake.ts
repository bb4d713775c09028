import { LibvirtError, type LibvirtFailure } from './errors';
import { CONNECT } from './flags';
import type { ProcedureArguments, ProcedureName, ProcedureResult } from './procedures';

/** libvirt_internal.h virDrvFeature, as far as it matters to a client that does not migrate. */
const FEATURES = {
  /** The server speaks the keepalive program; asking makes it ping. */
  keepalive: 10,
  /** Events come with the id of their subscription. */
  'event-callbacks': 14,
  /** The server tells when what it forwards to has gone. */
  'close-callback': 15,
} as const;
export type LibvirtFeature = keyof typeof FEATURES;

/** A version as libvirt counts: 9.0.0. */
export interface LibvirtVersion {
  major: number;
  minor: number;
  micro: number;
}

/** Reads the numbers of connect_get_lib_version and connect_get_version. */
export function readVersion(number: bigint): LibvirtVersion {
  return {
    major: Number(number / 1_000_000n),
    minor: Number((number / 1000n) % 1000n),
    micro: Number(number % 1000n),
  };
}

export type HandshakeCall = <P extends ProcedureName>(
  name: P,
  args: ProcedureArguments<P>,
  options?: { timeoutMs: number },
) => Promise<ProcedureResult<P>>;

/** Who this is talking to. */
export interface Introduction {
  libVersion: LibvirtVersion;
  features: ReadonlySet<LibvirtFeature>;
}

/**
 * What a client does first, in the order of libvirt's own (src/remote/remote_driver.c doRemoteOpen).
 * @throws LibvirtError
 */
export async function introduce(
  call: HandshakeCall,
  options: { uri: string; readOnly: boolean; authTimeoutMs: number },
): Promise<Introduction> {
  await authenticate(call, options.authTimeoutMs);
  const supports = async (feature: LibvirtFeature) => {
    const { supported } = await call('connect_supports_feature', { feature: FEATURES[feature] });
    return supported ? [feature] : [];
  };
  const keepalive = await supports('keepalive');
  await call('connect_open', { name: options.uri, flags: options.readOnly ? CONNECT.readOnly : 0 });
  const [{ lib_ver }, ...others] = await Promise.all([
    call('connect_get_lib_version', {}),
    supports('event-callbacks'),
    supports('close-callback'),
  ]);
  const features = new Set([...keepalive, ...others.flat()]);
  if (features.has('close-callback')) await orUnsupported(call('connect_register_close_callback', {}));
  return { libVersion: readVersion(lib_ver), features };
}

async function authenticate(call: HandshakeCall, authTimeoutMs: number) {
  const { types: offered } = await call('auth_list', {});
  if (offered.length === 0 || offered.includes('none')) return;
  if (!offered.includes('polkit')) throw new LibvirtError({ kind: 'unsupported-auth', offered });
  try {
    await call('auth_polkit', {}, { timeoutMs: authTimeoutMs });
  } catch (error) {
    if (!(error instanceof LibvirtError) || !error.refusal) throw error;
    throw new LibvirtError({ kind: 'auth-refused', mechanism: 'polkit', refusal: error.refusal });
  }
}

/** Some drivers have no close callback, though the daemon says so. */
async function orUnsupported(called: Promise<unknown>) {
  const tolerable: readonly LibvirtFailure['kind'][] = ['refused', 'unsupported'];
  try {
    await called;
  } catch (error) {
    if (!(error instanceof LibvirtError) || !tolerable.includes(error.kind)) throw error;
  }
}
