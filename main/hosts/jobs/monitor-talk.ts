import { shellQuote } from '../../protocols/ssh/shell';

/**
 * `speaker` sets $speaker to the host's program that joins stdin and stdout to a unix socket and ends after a silence;
 * empty where there is none.
 */
export const SPEAKER = `
speaker() {
  speaker=
  if perl -MSocket -e 1; then speaker=perl
  elif python3 -c 'import select, socket'; then speaker=python3
  elif command -v socat; then speaker=socat
  else
    case $(nc -h 2>&1) in *OpenBSD*) speaker=nc;; *--unixsock*) speaker='nc -i';; esac
    [ "$speaker" ] || case $(ncat -h 2>&1) in *--unixsock*) speaker=ncat;; esac
  fi
} > /dev/null 2>&1
`;

/**
 * `talk STATUS COMMAND EVENT`: looks at the guest by QMP at `socket`, and while its status is STATUS (a case pattern)
 * executes COMMAND and waits for EVENT. Fails when that is to be tried again: nobody greeted, COMMAND was refused, or EVENT
 * did not come. Nothing is sent before the greeting, because QEMU would obey even a client that has left by then.
 * The pipe from the reader back to the speaker is the one from \`:\`, opened anew for both ways (proc(5), fd), so that
 * no file is needed.
 * @param silence how long the monitor may say nothing, in whole seconds: it serves one client at a time
 */
export function monitorTalk(socket: string, silence: number): string {
  const path = shellQuote(socket);
  const hex = Buffer.from(socket, 'utf8').toString('hex');
  // socat takes these for its own syntax unless they are escaped.
  const escaped = socket.replace(/[\\,:!"'()[\]{}]/g, '\\$&');
  return `${SPEAKER}
speak() {
  case $speaker in
    perl) exec perl -e ${shellQuote(perl(silence))} ${hex};;
    python3) exec python3 -c ${shellQuote(python(silence))} ${hex};;
    socat) exec socat -T ${silence} - ${shellQuote(`UNIX-CONNECT:${escaped}`)};;
    nc) exec nc -w ${silence} -U ${path};;
    'nc -i') exec nc -i ${silence} -U ${path};;
    ncat) exec ncat -i ${silence} -U ${path};;
  esac
}
talk() {
  : | {
    exec 3<>/proc/self/fd/0
    { speak <&3 3>&- & echo $!; wait $!; } | {
      read -r speaking
      verdict=1
      while IFS= read -r line; do
        case $line in
          *'"QMP"'*) echo '{"execute":"qmp_capabilities"}{"execute":"query-status"}' >&3;;
          *'"event"'*\\"$3\\"*) verdict=0; break;;
          *'"event"'*) ;;
          *'"error"'*) break;;
          *'"status"'*)
            status=\${line#*'"status"'}; status=\${status#*'"'}; status=\${status%%'"'*}
            case $status in
              $1) echo "{\\"execute\\":\\"$2\\"}" >&3;;
              *) verdict=0; break;;
            esac;;
        esac
      done
      kill "$speaking"
      exit $verdict
    }
  }
}
speaker
`;
}

const perl = (silence: number): string => `
use Socket;
socket($s, PF_UNIX, SOCK_STREAM, 0) && connect($s, sockaddr_un(pack "H*", $ARGV[0])) or exit 1;
while (1) {
  my $ready = "";
  vec($ready, 0, 1) = 1;
  vec($ready, fileno $s, 1) = 1;
  exit if select($ready, undef, undef, ${silence}) < 1;
  for ([$s, \\*STDOUT], [\\*STDIN, $s]) {
    my ($from, $to) = @$_;
    next unless vec($ready, fileno $from, 1);
    exit unless sysread $from, my $data, 65536;
    exit unless syswrite $to, $data;
  }
}
`;

const python = (silence: number): string => `
import os, select, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.connect(bytes.fromhex(sys.argv[1]))
joined = {0: s.fileno(), s.fileno(): 1}
while True:
    ready = select.select(list(joined), [], [], ${silence})[0]
    if not ready:
        break
    for each in ready:
        data = os.read(each, 65536)
        if not data:
            sys.exit()
        os.write(joined[each], data)
`;
