import { posix, shellQuote } from '../../protocols/ssh/shell';

/** Programs of a host that join their stdin and stdout to a unix socket, the preferred first. */
export const RELAYS = ['perl', 'python3', 'socat', 'nc'] as const;
export type Relay = (typeof RELAYS)[number];

/** Those that say what connect(2) said. They alone can use abstract names, too. */
export const TELLING_RELAYS = ['perl', 'python3'] as const satisfies readonly Relay[];

/**
 * The command that joins its stdin and stdout to the unix socket at `path`, by the first of `relays` that the host has.
 * Before any data it prints one line:
 * - `MARKER connected RELAY`, or `MARKER failed TEXT` with what connect(2) said (perl, python3);
 * - `MARKER started RELAY` (socat, nc, which tell nothing: the stream ends where they fail);
 * - `MARKER none`: the host has no such program.
 *
 * All of them end when their stdin does, so that the socket is free for another client: QEMU serves one at a time.
 * None but nc waits for room in the queue in front of the socket: a server that takes no more clients would hold it
 * for as long as it likes, whatever becomes of stdin.
 *
 * `path` may be an abstract name, beginning with NUL.
 */
export function relayCommand(path: string, marker: string, relays: readonly Relay[]): string {
  const hex = Buffer.from(path, 'utf8').toString('hex');
  const attempts = relays.map((name) => attempt(name, path, `${hex} ${marker}`, marker));
  return posix(
    `LC_ALL=C; export LC_ALL; exec 2>/dev/null\nPATH=\${PATH-}:/usr/bin:/bin\n${attempts.join('')}echo ${marker} none`,
  );
}

function attempt(relay: Relay, path: string, args: string, marker: string): string {
  switch (relay) {
    case 'perl':
      return `perl -MSocket -MFcntl -e 1 && exec perl -e ${shellQuote(PERL)} ${args}\n`;
    case 'python3':
      return `python3 -c 'import select, socket' && exec python3 -c ${shellQuote(PYTHON)} ${args}\n`;
    case 'socat': {
      // socat takes these for its own syntax unless they are escaped.
      const escaped = path.replace(/[\\,:!"'()[\]{}]/g, '\\$&');
      return `command -v socat >/dev/null && { echo ${marker} started socat; exec socat - ${shellQuote(`UNIX-CONNECT:${escaped},connect-timeout=1`)}; }\n`;
    }
    case 'nc':
      // OpenBSD's shuts the socket down at the end of stdin only with -N; nmap's does so unasked and has no -N.
      return `case $(nc -h 2>&1) in *OpenBSD*) option=-NU;; *--unixsock*) option=-U;; *) option=;; esac
[ "$option" ] && { echo ${marker} started nc; exec nc $option ${shellQuote(path)}; }
`;
  }
}

const PERL = `
use Socket;
use Fcntl;
my ($hex, $marker) = @ARGV;
$| = 1;
sub put {
  my ($to, $data) = @_;
  for (my $done = 0; $done < length $data;) {
    my $written = syswrite $to, $data, length($data) - $done, $done;
    exit unless defined $written;
    $done += $written;
  }
}
unless (socket($socket, PF_UNIX, SOCK_STREAM, 0) && fcntl($socket, F_SETFL, O_NONBLOCK)
  && connect($socket, sockaddr_un(pack "H*", $hex)) && fcntl($socket, F_SETFL, 0)) {
  put(\\*STDOUT, "$marker failed $!\\n");
  exit;
}
put(\\*STDOUT, "$marker connected perl\\n");
while (1) {
  my $ready = "";
  vec($ready, 0, 1) = 1;
  vec($ready, fileno $socket, 1) = 1;
  next if select($ready, undef, undef, undef) < 1;
  for ([$socket, \\*STDOUT], [\\*STDIN, $socket]) {
    my ($from, $to) = @$_;
    next unless vec($ready, fileno $from, 1);
    exit unless sysread $from, my $data, 65536;
    put($to, $data);
  }
}
`;

const PYTHON = `
import os, select, socket, sys
path, marker = sys.argv[1:]
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
def put(to, data):
    while data:
        data = data[os.write(to, data):]
s.setblocking(False)
try:
    s.connect(bytes.fromhex(path))
except OSError as error:
    put(1, ("%s failed %s\\n" % (marker, error.strerror)).encode())
    sys.exit()
s.setblocking(True)
put(1, ("%s connected python3\\n" % marker).encode())
joined = {0: s.fileno(), s.fileno(): 1}
while True:
    for ready in select.select(list(joined), [], [])[0]:
        data = os.read(ready, 65536)
        if not data:
            sys.exit()
        put(joined[ready], data)
`;
