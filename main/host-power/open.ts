import { openDocument, type Document } from '../storage/document';
import { createHostPowers, type HostPowers, type HostPowersOptions } from './host-power';
import { HOST_POWER_VERSION, parseHostPower, type HostPowerRecord } from './records';

/**
 * The sleep of the hosts, as it is kept in host-power.json of `dir`.
 * @throws StorageError
 */
export async function openHostPowers({ dir, ...options }: Omit<HostPowersOptions, 'document'> & { readonly dir: string }): Promise<{
  readonly powers: HostPowers;
  readonly document: Document<HostPowerRecord[]>;
}> {
  const document = await openDocument<HostPowerRecord[]>({
    dir,
    name: 'host-power',
    version: HOST_POWER_VERSION,
    parse: parseHostPower,
    empty: [],
    clock: options.clock,
  });
  return { powers: createHostPowers({ ...options, document }), document };
}
