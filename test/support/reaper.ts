/**
 * A command that runs another and buries its orphans, as the first process of a system does and that of many a container
 * does not. libvirtd looks at a QEMU that it has ended for as long as the system shows it, a zombie included: it would
 * wait half a minute for each.
 *
 * It prints the process id of what it runs as its first line, and ends when nothing is left to wait for.
 * Source: prctl(2), PR_SET_CHILD_SUBREAPER; the number of the system call is amd64's.
 */
export const reaping = (command: readonly string[]): string[] => ['perl', '-e', REAPER, '--', ...command];

const REAPER = `
syscall(157, 36, 1, 0, 0, 0) == 0 or die "prctl: $!";
my $pid = fork() // die "fork: $!";
if (!$pid) { exec @ARGV or die "$ARGV[0]: $!" }
$| = 1;
print "$pid\\n";
1 while wait() != -1;
`;
