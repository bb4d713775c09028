import type { ConfigLine } from './config-lines';
import { matchesPatternList } from './patterns';

const ALGORITHMS = 'Reveille offers the algorithms of its own SSH library.';
const FORWARDS = 'Reveille opens only the streams that it needs itself.';
const CANONICAL = 'Reveille looks names up as they are.';
const TOKENS = 'Reveille takes keys from the agent and from files; load this one into the agent.';

/** Options that matter to a connection and that are not acted on, as ssh_config(5) spells them. */
const UNSUPPORTED: ReadonlyMap<string, readonly [name: string, why: string]> = new Map(
  (
    [
      ['BindAddress', 'Reveille lets the system choose the address to connect from.'],
      ['BindInterface', 'Reveille lets the system choose the interface to connect from.'],
      ['CanonicalDomains', CANONICAL],
      ['CanonicalizeHostname', CANONICAL],
      ['CASignatureAlgorithms', ALGORITHMS],
      ['CertificateFile', 'Certificates for users are not supported; the plain keys are tried.'],
      ['Ciphers', ALGORITHMS],
      ['DynamicForward', FORWARDS],
      [
        'GSSAPIAuthentication',
        'Kerberos (GSSAPI) is not supported; the other ways to authenticate are tried.',
      ],
      ['HostbasedAuthentication', 'Host-based authentication is not supported; the other ways are tried.'],
      ['HostbasedAcceptedAlgorithms', ALGORITHMS],
      ['HostKeyAlgorithms', ALGORITHMS],
      ['KexAlgorithms', ALGORITHMS],
      [
        'KnownHostsCommand',
        'Reveille runs no commands; host keys are looked up in the known_hosts files only.',
      ],
      ['LocalForward', FORWARDS],
      ['MACs', ALGORITHMS],
      ['NoHostAuthenticationForLocalhost', 'Reveille checks the host key of this computer, too.'],
      ['PKCS11Provider', TOKENS],
      ['PubkeyAcceptedAlgorithms', ALGORITHMS],
      ['PubkeyAcceptedKeyTypes', ALGORITHMS],
      ['RemoteCommand', 'Reveille runs its own commands.'],
      ['RemoteForward', FORWARDS],
      ['RequiredRSASize', 'Reveille does not check the size of RSA keys.'],
      ['RevokedHostKeys', 'Reveille knows revoked keys by @revoked lines of known_hosts only.'],
      ['SecurityKeyProvider', TOKENS],
      ['Tunnel', FORWARDS],
      ['UpdateHostKeys', 'Reveille writes only host keys that you accepted.'],
      ['VerifyHostKeyDNS', 'Reveille does not look host keys up in the DNS.'],
    ] as const
  ).map(([name, why]) => [name.toLowerCase(), [name, why]]),
);

/**
 * Whether distributions set this option for all their users (Debian: GSSAPIAuthentication; Fedora: algorithms, by its
 * crypto policies): in the system's file it says nothing about a host.
 */
export const isUsualDefault = ({ option, why }: { option: string; why: string }): boolean =>
  option === 'GSSAPIAuthentication' || why === ALGORITHMS;

/** Options that make no difference to what Reveille does, or that only a terminal has a use for. */
const IRRELEVANT = new Set(
  `addkeystoagent batchmode canonicalizefallbacklocal canonicalizemaxdots canonicalizepermittedcnames
  challengeresponseauthentication channeltimeout checkhostip clearallforwardings compression connectionattempts
  controlmaster controlpath controlpersist enableescapecommandline enablesshkeysign escapechar
  exitonforwardfailure fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout
  forwardx11trusted gatewayports gssapiclientidentity gssapidelegatecredentials gssapikexalgorithms
  gssapikeyexchange gssapirenewalforcesrekey gssapiserveridentity gssapitrustdns identityfile ignoreunknown ipqos
  keepalive localcommand loglevel logverbose obscurekeystroketiming permitlocalcommand permitremoteopen
  proxyusefdpass rekeylimit requesttty sendenv serveralivecountmax serveraliveinterval sessiontype setenv
  stdinnull streamlocalbindmask streamlocalbindunlink syslogfacility tag tcpkeepalive tunneldevice usekeychain
  versionaddendum visualhostkey warnweakcrypto xauthlocation`.split(/\s+/),
);

/** Why a line that no one acts on matters, with the option's usual spelling; null when it does not. */
export function unsupported(line: ConfigLine, ignoreUnknown: string): { option: string; why: string } | null {
  const found = UNSUPPORTED.get(line.keyword);
  // Switched off is what it is here.
  const [word, ...more] = line.words;
  if (more.length === 0 && ['no', 'none', 'false'].includes(word?.toLowerCase() ?? '')) {
    if (found || IRRELEVANT.has(line.keyword)) return null;
  }
  if (found) return { option: found[0], why: found[1] };
  if (IRRELEVANT.has(line.keyword) || matchesPatternList(line.keyword, ignoreUnknown.toLowerCase()))
    return null;
  return { option: line.written, why: 'Reveille does not know this option.' };
}
