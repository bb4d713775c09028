import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DefinitionError, mended, readDefinition } from '../../../../main/hypervisors/libvirt/definition';

const CHANNEL = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>";
const domain = ({ head = '', devices = '' } = {}) =>
  `<domain type='kvm' id='1'>\n  <name>nas</name>\n${head}  <devices>\n${devices}    <console type='pty'/>\n  </devices>\n</domain>\n`;
const withPm = (pm: string) => domain({ head: `  ${pm}\n` });

describe('what a definition says', () => {
  it.each([
    ['nothing', domain(), {}],
    ['an empty <pm>', withPm('<pm/>'), {}],
    ['yes', withPm("<pm><suspend-to-mem enabled='yes'/><suspend-to-disk enabled='yes'/></pm>"), { s3: true, s4: true }],
    ['no', withPm("<pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm>"), { s3: false, s4: false }],
    ['one of them', withPm('<pm><suspend-to-disk enabled="no"/></pm>'), { s4: false }],
    ['an element without its attribute', withPm('<pm><suspend-to-mem/></pm>'), {}],
    ['a comment', withPm("<!-- <pm><suspend-to-mem enabled='no'/></pm> -->"), {}],
    ['a <pm> of somebody else', withPm("<metadata><x:pm xmlns:x='urn:x'/><pm><suspend-to-mem enabled='no'/></pm></metadata>"), {}],
  ])('about sleep: %s', (_, xml, expected) => {
    const { s3, s4 } = readDefinition(xml);
    expect({ ...(s3 === undefined ? {} : { s3 }), ...(s4 === undefined ? {} : { s4 }) }).toEqual(expected);
  });

  it('about its machine, its devices, its screen and its agent', () => {
    const xml = domain({
      head: '  <os><type arch="x86_64" machine="pc-q35-7.2">hvm</type></os>\n',
      devices:
        "<hostdev type='pci'/><hostdev type='usb'/><hostdev/><video><model type='qxl'/></video>" +
        CHANNEL.replace('/></channel>', " state='connected'/></channel>"),
    });
    expect(readDefinition(xml)).toEqual({
      machineType: 'pc-q35-7.2',
      hasAgentChannel: true,
      agentConnected: true,
      hostDevices: ['pci', 'usb', 'host'],
      hasScreen: true,
    });
    expect(readDefinition(domain())).toEqual({
      machineType: null,
      hasAgentChannel: false,
      hostDevices: [],
      hasScreen: false,
    });
  });

  it('about an agent that is away, and one of which it does not tell', () => {
    const away = CHANNEL.replace('/></channel>', " state='disconnected'/></channel>");
    expect(readDefinition(domain({ devices: away })).agentConnected).toBe(false);
    expect(readDefinition(domain({ devices: CHANNEL }))).not.toHaveProperty('agentConnected');
  });

  it('a channel of another name is no agent’s, and no video is no screen', () => {
    const devices = CHANNEL.replace('org.qemu.guest_agent.0', 'com.redhat.spice.0') + "<video><model type='none'/></video>";
    expect(readDefinition(domain({ devices }))).toMatchObject({ hasAgentChannel: false, hasScreen: false });
  });

  it.each([
    ['nothing', ''],
    ['text', 'error: no domain'],
    ['half an element', "<domain type='kvm'><name>nas"],
    ['another root', '<network><name>default</name></network>'],
    ['an entity bomb', `<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">${'<!ENTITY b "&a;&a;&a;&a;">'.repeat(20)}]><domain>&b;</domain>`],
    ['unknown entities', `<domain><name>${'&lol;'.repeat(1000)}</name></domain>`],
    ['a depth without end', '<domain>'.repeat(200_000)],
  ])('is refused where it is no domain’s: %s', (_, xml) => {
    expect(() => readDefinition(xml)).toThrow(DefinitionError);
    expect(() => mended(xml, 'enable-sleep')).toThrow(DefinitionError);
    expect(() => mended(xml, 'add-agent-channel')).toThrow(DefinitionError);
  });

  it('an entity of its own is not followed, so none can read a file', () => {
    const xml = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><domain><name>&x;</name></domain>';
    expect(() => readDefinition(xml)).toThrow(DefinitionError);
  });
});

/** The definition without the element that the change is about, and without the white space before it. */
const without = (xml: string, element: RegExp) => xml.replace(element, '');
const PM = /\s*<pm(?:\/>|>[\s\S]*?<\/pm>)/;

describe('switching sleep on', () => {
  it('adds a <pm> before the devices', () => {
    expect(mended(domain(), 'enable-sleep').after).toBe(
      domain({ head: "  <pm>\n    <suspend-to-mem enabled='yes'/>\n    <suspend-to-disk enabled='yes'/>\n  </pm>\n" }),
    );
  });

  it.each([
    ['no', "<pm>\n    <suspend-to-mem enabled='no'/>\n    <suspend-to-disk enabled='no'/>\n  </pm>"],
    ['double quotes', '<pm><suspend-to-mem enabled="no"/><suspend-to-disk enabled = "no" /></pm>'],
    ['partly', "<pm><suspend-to-mem enabled='yes'/></pm>"],
    ['partly, the other', "<pm><suspend-to-disk enabled='no'></suspend-to-disk></pm>"],
    ['empty', '<pm/>'],
    ['with a comment of a <pm> in it', "<pm><!-- </pm> --><suspend-to-mem enabled='no'/></pm>"],
  ])('replaces the <pm> that there is: %s', (_, pm) => {
    const before = withPm(pm);
    const edit = mended(before, 'enable-sleep');
    expect(edit.before).toBe(before);
    expect(edit.after).toBe(
      withPm("<pm>\n    <suspend-to-mem enabled='yes'/>\n    <suspend-to-disk enabled='yes'/>\n  </pm>"),
    );
  });

  it('keeps what a newer libvirt has in <pm>', () => {
    const { after } = mended(withPm("<pm><suspend-to-idle a='1'><b/></suspend-to-idle></pm>"), 'enable-sleep');
    expect(after).toContain("<suspend-to-idle a='1'><b/></suspend-to-idle>\n  </pm>");
  });

  it('leaves a <pm> alone that is not the domain’s', () => {
    const foreign = "  <metadata><a:b xmlns:a='urn:b'><pm><suspend-to-mem enabled='no'/></pm></a:b></metadata>\n  <!-- <pm/> -->\n";
    const { after } = mended(domain({ head: foreign }), 'enable-sleep');
    expect(after).toContain(foreign);
    expect(readDefinition(after)).toMatchObject({ s3: true, s4: true });
  });

  it('leaves carriage returns, CDATA and hostile text as they are', () => {
    const head =
      '  <title>a &lt;/devices&gt; &amp; b</title>\r\n' +
      '  <description><![CDATA[</domain><pm><suspend-to-mem enabled="no"/></pm></devices>]]></description>\r\n' +
      "  <x a='<devices>'/>\r\n".replace('<devices>', '&lt;devices>') +
      '  <?pm no?>\r\n';
    const before = domain({ head: `${head}  <pm/>\r\n` });
    const { after } = mended(before, 'enable-sleep');
    expect(after.startsWith(before.slice(0, before.indexOf('<pm/>')))).toBe(true);
    expect(after.endsWith(before.slice(before.indexOf('<pm/>') + '<pm/>'.length))).toBe(true);
    expect(readDefinition(after)).toMatchObject({ s3: true, s4: true });
  });

  it('needs devices to put it before', () => {
    expect(() => mended('<domain/>', 'enable-sleep')).toThrow(DefinitionError);
  });
});

describe('adding the agent’s channel', () => {
  it('puts it behind the other devices', () => {
    expect(mended(domain(), 'add-agent-channel').after).toBe(
      domain().replace(
        '  </devices>',
        "    <channel type='unix'>\n      <target type='virtio' name='org.qemu.guest_agent.0'/>\n    </channel>\n  </devices>",
      ),
    );
  });

  it('changes nothing where there is one', () => {
    const xml = domain({ devices: CHANNEL });
    expect(mended(xml, 'add-agent-channel')).toEqual({ before: xml, after: xml });
  });

  it('is not misled by what looks like the end of the devices', () => {
    const devices = "    <!-- </devices> -->\n    <x y='&lt;/devices>'><![CDATA[</devices>]]></x>\n";
    const before = domain({ devices });
    const { after } = mended(before, 'add-agent-channel');
    expect(after).toContain(devices);
    expect(readDefinition(after).hasAgentChannel).toBe(true);
  });

  it.each([['<domain/>'], ['<domain><devices/></domain>'], ['<domain><!-- </devices> --><devices/></domain>']])(
    'says so where there is no place for it: %s',
    (xml) => {
      expect(() => mended(xml, 'add-agent-channel')).toThrow(DefinitionError);
    },
  );
});

describe('whatever else a definition has', () => {
  const escaped = (text: string) => text.replace(/[&<>'"]/g, (one) => `&#${one.codePointAt(0)};`);
  const text = fc.string({ unit: 'grapheme', maxLength: 20 }).map(escaped);
  const comment = fc
    .constantFrom(' <pm/> ', ' </devices> ', ' </domain><pm>', ' 😀 ')
    .map((inside) => `<!--${inside}-->`);
  const cdata = fc.constantFrom('</devices>', '<pm/>', '</pm>', ']] >').map((inside) => `<![CDATA[${inside}]]>`);
  const quote = fc.constantFrom("'", '"');
  const element = fc
    .tuple(fc.constantFrom('description', 'metadata', 'x', 'vcpu'), quote, text, fc.oneof(text, comment, cdata, fc.constant('<pm/>')))
    .map(([name, q, attribute, inside]) => `<${name} a=${q}${attribute}${q}>${inside}</${name}>`);
  const filling = fc.array(fc.oneof(element, comment, fc.constantFrom('\n  ', '\r\n', '\t', ' ', '\n\n'))).map((all) => all.join(''));
  const sleepState = fc
    .tuple(fc.constantFrom('suspend-to-mem', 'suspend-to-disk'), quote, fc.constantFrom('yes', 'no'))
    .map(([name, q, value]) => `<${name} enabled=${q}${value}${q}/>`);
  const pm = fc.oneof(
    fc.constant(''),
    fc.constant('<pm/>'),
    fc.array(fc.oneof(sleepState, comment), { maxLength: 3 }).map((all) => `<pm>${all.join('\n')}</pm>`),
  );

  it('stays byte for byte when sleep is switched on', () => {
    fc.assert(
      fc.property(filling, pm, filling, filling, (one, present, two, three) => {
        const [front, back] = [`<domain>${one}`, `<devices>${three}</devices></domain>`];
        const { after } = mended(front + present + two + back, 'enable-sleep');
        const definition = readDefinition(after);
        expect([definition.s3, definition.s4]).toEqual([true, true]);
        const head = present === '' ? front + two : front;
        const tail = present === '' ? back : two + back;
        expect(after.startsWith(head)).toBe(true);
        expect(after.endsWith(tail)).toBe(true);
        const added = after.slice(head.length, after.length - tail.length);
        expect(without(added, PM).trim()).toBe('');
        // What is mended already stays as it is.
        expect(mended(after, 'enable-sleep').after).toBe(after);
      }),
    );
  });

  it('stays byte for byte when the channel is added', () => {
    fc.assert(
      fc.property(filling, filling, filling, (one, two, three) => {
        const [front, back] = [`<domain>${one}<devices>${two}`, `</devices>${three}</domain>`];
        const { after } = mended(front + back, 'add-agent-channel');
        expect(readDefinition(after).hasAgentChannel).toBe(true);
        expect(after.startsWith(front)).toBe(true);
        expect(after.endsWith(back)).toBe(true);
        const added = after.slice(front.length, after.length - back.length);
        expect(without(added, /<channel type='unix'>[\s\S]*<\/channel>/).trim()).toBe('');
        expect(mended(after, 'add-agent-channel').after).toBe(after);
      }),
    );
  });

  it('takes no longer for much white space', () => {
    const blank = ' '.repeat(200_000);
    const began = performance.now();
    mended(domain({ head: `<description>${blank}.</description>\n` }), 'enable-sleep');
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
