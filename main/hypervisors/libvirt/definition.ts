import { parseXml, XmlElement, type XmlDocument } from '@rgrove/parse-xml';
import type { Fix } from '../../power/actions';

/** The name of the guest agent's channel (libvirt: formatdomain "Channel"). */
const AGENT_CHANNEL = 'org.qemu.guest_agent.0';

/** What a domain's XML says (libvirt: docs/formatdomain). `undefined` where it leaves it to QEMU. */
export interface Definition {
  readonly machineType: string | null;
  /** <pm><suspend-to-mem> */
  readonly s3?: boolean;
  /** <pm><suspend-to-disk> */
  readonly s4?: boolean;
  readonly hasAgentChannel: boolean;
  /** Whether the guest has the agent's channel open; only a running domain's XML tells. */
  readonly agentConnected?: boolean;
  /** Devices of the host that it was given: "pci", "usb", "mdev". */
  readonly hostDevices: readonly string[];
  readonly hasScreen: boolean;
}

/** The XML is not a domain's. */
export class DefinitionError extends Error {
  override name = 'DefinitionError';
}

/** @throws DefinitionError */
export function readDefinition(xml: string): Definition {
  const domain = domainOf(xml);
  const pm = child(domain, 'pm');
  const s3 = enabled(pm, 'suspend-to-mem');
  const s4 = enabled(pm, 'suspend-to-disk');
  const devices = child(domain, 'devices');
  const channel = agentChannel(devices);
  const connection = channel && child(channel, 'target')?.attributes.state;
  const os = child(domain, 'os');
  return {
    machineType: (os && child(os, 'type')?.attributes.machine) ?? null,
    ...(s3 === undefined ? {} : { s3 }),
    ...(s4 === undefined ? {} : { s4 }),
    hasAgentChannel: channel !== undefined,
    ...(connection === undefined ? {} : { agentConnected: connection === 'connected' }),
    hostDevices: children(devices, 'hostdev').map(({ attributes }) => attributes.type ?? 'host'),
    hasScreen: children(devices, 'video').some((video) => child(video, 'model')?.attributes.type !== 'none'),
  };
}

/** A definition and what it becomes. Everything that is not about the change stays as it was, byte for byte. */
export interface Edit {
  readonly before: string;
  readonly after: string;
}

/** Mends `xml`. @throws DefinitionError */
export function mended(xml: string, fix: Fix): Edit {
  return { before: xml, after: fix === 'enable-sleep' ? withSleep(xml) : withAgentChannel(xml) };
}

/** Switches ACPI S3 and S4 on. Only <pm> is touched. */
function withSleep(xml: string): string {
  const domain = domainOf(xml);
  const pm = child(domain, 'pm');
  const wanted = ['suspend-to-mem', 'suspend-to-disk'];
  if (!pm) {
    const at = child(domain, 'devices') ?? fail('it has no devices');
    const indent = indentOf(xml, at.start);
    const lines = ['<pm>', ...wanted.map((name) => `  <${name} enabled='yes'/>`), '</pm>'];
    return insert(xml, at.start, lines.map((line) => `${line}\n${indent}`).join(''));
  }
  const others = pm.children.filter((node) => node instanceof XmlElement && !wanted.includes(node.name));
  const indent = indentOf(xml, pm.start);
  const kept = others.map((node) => xml.slice(node.start, node.end));
  const inner = [...wanted.map((name) => `<${name} enabled='yes'/>`), ...kept].map((line) => `${indent}  ${line}\n`);
  return xml.slice(0, pm.start) + `<pm>\n${inner.join('')}${indent}</pm>` + xml.slice(pm.end);
}

/** Adds the guest agent's channel after the other devices; libvirt adds the bus that it needs. */
function withAgentChannel(xml: string): string {
  const devices = child(domainOf(xml), 'devices') ?? fail('it has no devices');
  if (agentChannel(devices)) return xml;
  const closing = xml.lastIndexOf('</devices', devices.end);
  if (closing < devices.start) fail('its devices are empty');
  const indent = indentOf(xml, closing);
  const lines = ["<channel type='unix'>", `  <target type='virtio' name='${AGENT_CHANNEL}'/>`, '</channel>'];
  return insert(xml, closing, `  ${lines.join(`\n${indent}  `)}\n${indent}`);
}

function domainOf(xml: string): XmlElement {
  let document: XmlDocument;
  try {
    document = parseXml(xml, { includeOffsets: true });
  } catch (error) {
    throw new DefinitionError(`libvirt sent a definition that is no XML: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { root } = document;
  return root?.name === 'domain' ? root : fail('its root is no <domain>');
}

function fail(why: string): never {
  throw new DefinitionError(`libvirt sent a definition that cannot be read: ${why}.`);
}

const children = (element: XmlElement | undefined, name: string): XmlElement[] =>
  (element?.children ?? []).filter((node): node is XmlElement => node instanceof XmlElement && node.name === name);
const child = (element: XmlElement, name: string): XmlElement | undefined => children(element, name)[0];

const agentChannel = (devices: XmlElement | undefined): XmlElement | undefined =>
  children(devices, 'channel').find((channel) => child(channel, 'target')?.attributes.name === AGENT_CHANNEL);

function enabled(pm: XmlElement | undefined, name: string): boolean | undefined {
  const value = pm && child(pm, name)?.attributes.enabled;
  return value === undefined ? undefined : value === 'yes';
}

/** The white space before `at` on its line. */
function indentOf(xml: string, at: number): string {
  let start = at;
  while (start > 0 && ' \t'.includes(xml.charAt(start - 1))) start -= 1;
  return xml.slice(start, at);
}
const insert = (xml: string, at: number, text: string): string => xml.slice(0, at) + text + xml.slice(at);
