import ByteKit
import TestKit
import Testing

@Suite(
    "A function in its cage",
    .enabled(if: CageScene.isPossible, "needs a bubblewrap that works, docker-registry and gcc"))
struct CageTests {
    private let scene: CageScene

    init() throws { scene = try CageScene() }

    /// Runs a C program in the cage; what it says on standard error as `NAME=VALUE` lines.
    private func facts(
        _ body: String, _ more: String = "", _ arguments: [String] = [],
        variables: [(name: String, value: String)] = []
    ) throws -> [String: String] {
        let result = try scene.run(
            "run", try scene.recipe(program: Self.head + body, more), arguments, variables: variables)
        #expect(result.status == 0, "\(result.errorText)")
        var facts: [String: String] = [:]
        for line in result.errorText.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { facts[String(parts[0])] = String(parts[1]) }
        }
        return facts
    }

    private static let head = """
        #define _GNU_SOURCE
        #include <dirent.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <sched.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/mman.h>
        #include <sys/prctl.h>
        #include <sys/resource.h>
        #include <sys/stat.h>
        #include <sys/statvfs.h>
        #include <sys/syscall.h>
        #include <sys/wait.h>
        #include <unistd.h>
        extern char **environ;
        static void say(const char *name, long result) {
            fprintf(stderr, "%s=%s\\n", name, result < 0 ? strerrorname_np(errno) : "ok");
        }
        static void number(const char *name, long value) { fprintf(stderr, "%s=%ld\\n", name, value); }

        """

    @Test("is Lambda's user, with no right and no way to one")
    func user() throws {
        let facts = try facts(
            """
            int main(void) {
                number("uid", getuid()); number("euid", geteuid()); number("gid", getgid());
                number("privileges", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
                char line[256];
                FILE *status = fopen("/proc/self/status", "r");
                while (fgets(line, sizeof line, status))
                    if (!strncmp(line, "Cap", 3)) fprintf(stderr, "%.6s=%s", line, line + 8);
                say("chown", chown("/tmp", 0, 0)); say("setuid", setuid(0));
            }
            """)
        #expect(facts["uid"] == "993" && facts["euid"] == "993" && facts["gid"] == "990")
        #expect(facts["privileges"] == "1")
        for name in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            #expect(facts[name] == "0000000000000000", "\(name)")
        }
        // Root is nobody in there.
        #expect(facts["setuid"] == "EPERM" || facts["setuid"] == "EINVAL")
    }

    @Test("can write in /tmp and nowhere else, and there as much as the function may")
    func files() throws {
        let facts = try facts(
            """
            int main(void) {
                const char *places[] = {"", "/usr", "/usr/local", "/usr/lib", "/etc", "/dev", "/var", "/var/tmp", "/var/task",
                    "/opt", "/home", "/root", "/run", "/mnt", "/srv", "/proc", "/sys", "/bin", "/lib64", "/tmp"};
                char path[64];
                for (int at = 0; at < sizeof places / sizeof *places; at++) {
                    snprintf(path, sizeof path, "%s/probe", places[at]);
                    say(path, open(path, O_WRONLY | O_CREAT, 0600));
                }
                say("/proc/sys/kernel/core_pattern", open("/proc/sys/kernel/core_pattern", O_WRONLY));
                say("/var/task/launch.json", open("/var/task/launch.json", O_WRONLY));
                struct statvfs room;
                statvfs("/tmp", &room);
                number("room", room.f_blocks * room.f_frsize);
                int file = open("/tmp/full", O_WRONLY | O_CREAT, 0600);
                say("fits", fallocate(file, 0, 0, 500 << 20));
                say("full", fallocate(file, 0, 500 << 20, 130 << 20));
            }
            """, #", "function": {"ephemeralStorage": 600}"#)
        for (path, result) in facts where path.hasSuffix("/probe") && path != "/tmp/probe" {
            #expect(
                result == "EROFS" || result == "EACCES" || path == "/proc/probe" && result == "ENOENT",
                "\(path): \(result)")
        }
        #expect(facts.keys.count { $0.hasSuffix("/probe") } == 20)
        #expect(facts["/tmp/probe"] == "ok")
        #expect(facts["/proc/sys/kernel/core_pattern"] == "EROFS" || facts["/proc/sys/kernel/core_pattern"] == "EACCES")
        #expect(facts["/var/task/launch.json"] == "EROFS")
        #expect(facts["room"] == "\(600 << 20)")
        #expect(facts["fits"] == "ok" && facts["full"] == "ENOSPC")
    }

    @Test("sees a sandbox's root, not the image's and not this machine's")
    func root() throws {
        let facts = try facts(
            """
            static void list(const char *path, const char *name) {
                char text[4096] = "";
                DIR *folder = opendir(path);
                for (struct dirent *entry; folder && (entry = readdir(folder));)
                    if (entry->d_name[0] != '.') strcat(strcat(text, entry->d_name), " ");
                fprintf(stderr, "%s=%s\\n", name, text);
            }
            int main(void) {
                int count = 0;
                for (int at = 3; at < 1000; at++) count += fcntl(at, F_GETFD) >= 0;
                number("inherited", count);
                list("/opt", "opt"); list("/home", "home"); list("/root", "root"); list("/mnt", "mnt"); list("/dev", "dev");
                char path[256];
                say("marker", access("/image-marker", F_OK));
                snprintf(path, sizeof path, "%s/image-marker", getenv("SCAR_ROOT"));
                say("image", access(path, F_OK));
                fprintf(stderr, "SCAR_ROOT=%s\\n", getenv("SCAR_ROOT"));
                say("shm", open("/dev/shm/x", O_RDWR | O_CREAT, 0600));
                say("shadow", access("/etc/shadow", F_OK));
                say("private", access("/etc/ssl/private", F_OK));
                say("shell", access("/bin/sh", X_OK));
                say("null", open("/dev/null", O_RDWR)); say("random", open("/dev/urandom", O_RDONLY));
                int processes = 0;
                DIR *folder = opendir("/proc");
                for (struct dirent *entry; (entry = readdir(folder));) processes += atoi(entry->d_name) > 0;
                number("processes", processes);
                gethostname(path, sizeof path);
                fprintf(stderr, "host=%s\\n", path);
            }
            """)
        #expect(facts["opt"] == "" && facts["home"] == "" && facts["root"] == "")
        #expect(facts["mnt"] == "scar-storage ")
        #expect(
            facts["dev"]?.split(separator: " ").sorted() == [
                "fd", "full", "null", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero",
            ])
        #expect(facts["marker"] == "ENOENT" && facts["image"] == "ok")
        #expect(facts["SCAR_ROOT"] == "/tmp/scar/root")
        #expect(facts["shm"] == "ENOENT" && facts["shadow"] == "ENOENT" && facts["private"] == "ENOENT")
        #expect(facts["shell"] == "ok" && facts["null"] == "ok" && facts["random"] == "ok")
        #expect((Int(facts["processes"] ?? "") ?? 99) < 8)
        #expect(facts["inherited"] == "0")
        #expect(facts["host"] == "169.254.76.1")
    }

    @Test("has Lambda's variables, the image's and none of ours, and those it is given")
    func variables() throws {
        let facts = try facts(
            "int main(void) { for (char **at = environ; *at; at++) fprintf(stderr, \"%s\\n\", *at); }",
            #", "function": {"memory": 256, "region": "eu-west-1", "environment": {"STAGE": "beta"}}"#,
            ["--env", "GIVEN=a=b", "--env", "PASSED"],
            variables: [
                ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_PROFILE", "mine"), ("PASSED", "on"), ("OTHER", "secret"),
                ("HOME", scene.path), ("LD_PRELOAD", ""),
            ])
        #expect(!facts.values.contains("secret") && facts["AWS_PROFILE"] == nil && facts["HOME"] == "/tmp")
        #expect(facts["GIVEN"] == "a=b" && facts["PASSED"] == "on" && facts["STAGE"] == "beta")
        #expect(facts["AWS_REGION"] == "eu-west-1" && facts["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256")
        #expect(facts["AWS_LAMBDA_FUNCTION_NAME"] == "caged" && facts["LAMBDA_TASK_ROOT"] == "/var/task")
        #expect(facts["TZ"] == ":UTC")
        // What says where programs and libraries are is the image's.
        #expect(facts["LANG"] == "C")
        #expect(facts["PATH"]?.split(separator: ":").allSatisfy { !$0.hasPrefix("/opt") } == true)
        #expect(facts["LD_LIBRARY_PATH"]?.split(separator: ":").allSatisfy { $0.hasPrefix("/tmp/scar/root/") } == true)
        #expect(facts["SCAR_LOCAL_STORAGE"] == nil && facts["PWD"] != scene.path)
    }

    @Test("is refused other roots, namespaces and other processes' memory")
    func systemCalls() throws {
        let names = [
            "mount", "umount2", "pivot_root", "chroot", "fsopen", "open_tree", "move_mount", "mount_setattr", "unshare",
            "setns", "ptrace", "process_vm_readv", "process_vm_writev", "seccomp", "bpf", "perf_event_open",
            "userfaultfd", "add_key", "request_key", "keyctl", "kexec_load", "init_module", "sethostname",
            "open_by_handle_at", "quotactl", "syslog", "swapon", "acct",
        ]
        let facts = try facts(
            """
            static int child(void *unused) { return 0; }
            static char stack[65536];
            int main(void) {
                \(names.map { "say(\"\($0)\", syscall(SYS_\($0), 0, 0, 0, 0, 0));" }.joined(separator: "\n    "))
                say("user namespace", unshare(CLONE_NEWUSER));
                say("clone", clone(child, stack + sizeof stack, CLONE_NEWUSER | SIGCHLD, NULL));
                say("clone3", syscall(SYS_clone3, NULL, 0));
                say("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
                say("filter", prctl(PR_SET_SECCOMP, 2, NULL, 0, 0));
                pid_t forked = fork();
                if (forked == 0) _exit(7);
                int status = 0;
                say("fork", waitpid(forked, &status, 0));
                number("status", WEXITSTATUS(status));
                #ifdef __x86_64__
                say("x32", syscall(0x40000000 | 39));
                #else
                errno = ENOSYS; say("x32", -1);
                #endif
            }
            """)
        for name in names + ["user namespace", "clone", "filter"] { #expect(facts[name] == "EPERM", "\(name)") }
        for name in ["clone3", "io_uring", "x32"] { #expect(facts[name] == "ENOSYS", "\(name)") }
        #expect(facts["fork"] == "ok" && facts["status"] == "7")
    }

    @Test("has Lambda's number of open files, and no core dumps")
    func limits() throws {
        let facts = try facts(
            """
            int main(void) {
                int count = 0;
                while (dup(2) >= 0) count++;
                number("errno", errno == EMFILE);
                number("files", count + 3);
                struct rlimit limit;
                getrlimit(RLIMIT_NOFILE, &limit); number("hard", limit.rlim_max);
                getrlimit(RLIMIT_CORE, &limit); number("core", limit.rlim_max);
            }
            """)
        #expect(facts["errno"] == "1" && facts["files"] == "1024" && facts["hard"] == "1024" && facts["core"] == "0")
    }

    private static let ordinary = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]

    @Test(
        "is the same for an ordinary user, and has no more than Lambda's number of processes",
        .enabled(
            if: (try? Peer.run("setpriv", Array(ordinary.dropFirst()) + ["test", "-x", Products.scarBuild]).status)
                == 0,
            "needs root, to become another user that can run the tool"))
    func ordinaryUser() throws {
        let recipe = try scene.recipe(
            program: Self.head + """
                int main(void) {
                    int count = 0;
                    for (pid_t child; count < 1100 && (child = fork()) >= 0; count++) if (child == 0) { pause(); _exit(0); }
                    number("processes", count);
                    number("uid", getuid());
                    say("core_pattern", open("/proc/sys/kernel/core_pattern", O_WRONLY));
                }
                """)
        #expect(try Peer.run("chown", ["-R", "65534", scene.path]).status == 0)
        let result = try Peer.run(
            Self.ordinary[0],
            Self.ordinary.dropFirst() + [Products.scarBuild, "run", recipe, "--cache", "\(scene.path)/cache"],
            variables: [("HOME", scene.path)])
        #expect(!result.errorText.contains("no cage"), "\(result.errorText)")
        #expect(result.errorText.contains("uid=993\n") && result.errorText.contains("core_pattern=E"))
        let count = result.errorText.split(separator: "\n").compactMap { line in
            line.hasPrefix("processes=") ? Int(line.dropFirst("processes=".count)) : nil
        }.first
        // The supervisor, its threads and bubblewrap count as well. Kernels before 5.14 cannot count by namespace.
        #expect(count.map { (1000...1024).contains($0) } == true, "\(result.errorText)")
    }

    private static let greedy =
        head + """
            int main(void) {
                prctl(PR_SET_NAME, NAME);
                say("begin", 0);
                for (int at = 0; at < 20; at++) {
                    if (fork() == 0) { char *own = malloc(20 << 20); memset(own, 1, 20 << 20); sleep(60); _exit(own[5]); }
                    usleep(20000);
                }
                sleep(60);
            }
            """

    @Test("ends when its processes together hold more memory than it has, and that is said", arguments: [true, false])
    func memory(isCaged: Bool) throws {
        let recipe = try scene.recipe(program: Self.greedy, #", "function": {"memory": 128}"#)
        let result = try scene.run("run", recipe, isCaged ? [] : ["--no-cage"])
        #expect(result.status == 5)
        #expect(
            result.errorText.contains(
                "Runtime exited with error: signal: killed: the function used more than its 128 MB"),
            "\(result.errorText)")
        try expectNobody()
    }

    @Test("may share its memory and fill /tmp: neither counts against it twice")
    func sharedMemory() throws {
        let facts = try facts(
            """
            int main(void) {
                char *own = malloc(80 << 20);
                memset(own, 1, 80 << 20);
                // Ten processes with the same 80 MB, and 200 MB of /tmp that are mapped.
                for (int at = 0; at < 10; at++) if (fork() == 0) { sleep(1); _exit(own[5]); }
                int file = open("/tmp/data", O_RDWR | O_CREAT, 0600);
                ftruncate(file, 200 << 20);
                memset(mmap(NULL, 200 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), 1, 200 << 20);
                while (wait(NULL) > 0);
                say("done", 0);
            }
            """, #", "function": {"memory": 128}"#)
        #expect(facts["done"] == "ok")
    }

    @Test("counts memory that has no file, however it was asked for")
    func anonymousFiles() throws {
        let program =
            Self.head + """
                int main(void) {
                    int file = memfd_create("x", 0);
                    ftruncate(file, 300 << 20);
                    memset(mmap(NULL, 300 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), 1, 300 << 20);
                    sleep(60);
                }
                """
        let result = try scene.run("run", try scene.recipe(program: program, #", "function": {"memory": 128}"#))
        #expect(result.status == 5)
        #expect(result.errorText.contains("more than its 128 MB"), "\(result.errorText)")
    }

    @Test("ends when its time is over, whatever it does against that", arguments: [true, false])
    func timeout(isCaged: Bool) throws {
        let program =
            Self.head + """
                int main(void) {
                    for (int at = 1; at < 32; at++) signal(at, SIG_IGN);
                    if (fork() == 0) setsid();
                    while (1) sleep(60);
                }
                """
        let function = #", "function": {"timeout": 2, "timeoutThreshold": 0}"#
        let began = ContinuousClock.now
        let result = try scene.run(
            "run", try scene.recipe(program: program, function), isCaged ? [] : ["--no-cage"])
        #expect(result.status == 5)
        #expect(result.errorText.contains("Task timed out after 2.00 seconds"), "\(result.errorText)")
        #expect(ContinuousClock.now - began < .seconds(30))
        try expectNobody()
    }

    @Test("starts anew for the next event after one that ended it")
    func nextEvent() throws {
        for name in ["a.txt", "b.txt", "c.txt"] { try scene.write(name, to: name) }
        try scene.write(
            """
            #!/bin/sh
            case $INPUT_FILE_PATH in *b.txt) kill -9 $PPID; sleep 60;; esac
            cat "$INPUT_FILE_PATH" > "$TMP_OUTPUT_DIR/of-$(basename "$INPUT_FILE_PATH")"
            """, to: "script.sh")
        let recipe = try scene.recipe(
            script: "script.sh",
            #", "input": [{"path": "bucket/in"}], "output": [{"path": "bucket/out"}], "function": {"timeout": 5, "timeoutThreshold": 1}"#
        )
        let result = try scene.run(
            "run", recipe,
            ["a.txt", "b.txt", "c.txt"].flatMap { ["--input", "\(scene.path)/\($0)"] } + ["-o", "\(scene.path)/out"])
        #expect(result.status == 5)
        #expect(result.errorText.contains("failed on 1 of 3 events"), "\(result.errorText)")
        #expect(try Folder.names(in: "\(scene.path)/out") == ["of-a.txt", "of-c.txt"])
    }

    @Test("is the package that a build ships, byte for byte")
    func sameBytes() throws {
        try scene.write(
            "#!/bin/sh\ncd /var/task && sha256sum bootstrap launch.json artifact.squashfs script/script.sh\n",
            to: "script.sh")
        let recipe = try scene.recipe(script: "script.sh")
        let built = try Tool.run(["build", recipe, "--cache", "\(scene.path)/cache", "-o", "\(scene.path)/out", "-q"])
        #expect(built.status == 0, "\(built.errorText)")
        let run = try scene.run("run", recipe)
        #expect(run.status == 0, "\(run.errorText)")
        let unzipped = try Peer.run("unzip", ["-q", "\(scene.path)/out/caged.zip", "-d", "\(scene.path)/zip"])
        #expect(unzipped.status == 0)
        for name in ["bootstrap", "launch.json", "artifact.squashfs", "script/script.sh"] {
            let digest = Digest(of: try InputFile.contents(of: "\(scene.path)/zip/\(name)", limit: 1 << 28)).hex
            #expect(run.errorText.contains("\(digest)  \(name)"), "\(name)")
        }
    }

    /// A run in the background, which is then ended by a signal; what is left in its TMPDIR, and a pattern of the program
    /// that it ran, which no other test runs.
    private func left(after signal: String) throws -> (status: String, names: [String], program: String) {
        let seconds = Int.random(in: 100_000...999_999)
        try Folder.create("\(scene.path)/tmp")
        try scene.write("#!/bin/sh\necho begun >&2\nsleep \(seconds)\n", to: "script.sh")
        let recipe = try scene.recipe(script: "script.sh")
        let command = """
            "$1" run "$2" --cache "$3/cache" -q 2>"$3/log" & process=$!
            for i in $(seq 200); do grep -q begun "$3/log" && break; sleep 0.1; done
            kill -\(signal) $process; wait $process; echo $?
            """
        let result = try Peer.run(
            "bash", ["-c", command, "bash", Products.scarBuild, recipe, scene.path],
            variables: [("TMPDIR", "\(scene.path)/tmp")])
        #expect(try scene.text(of: "log").contains("begun"))
        return (
            result.text.split(separator: "\n").last.map(String.init) ?? "", try Folder.names(in: "\(scene.path)/tmp"),
            "[s]leep \(seconds)"
        )
    }

    @Test("ends with its last process and leaves no folder when the person stops it", arguments: ["INT", "TERM"])
    func stopped(signal: String) throws {
        let (status, names, program) = try left(after: signal)
        #expect(status == "130" && names == [])
        #expect(try Peer.run("pgrep", ["-f", program]).text == "")
    }

    @Test("ends when its runner is killed, whose folder the next run removes")
    func killed() throws {
        let (status, names, program) = try left(after: "KILL")
        #expect(status == "137" && names.count == 1)
        #expect(try Peer.run("sh", ["-c", "sleep 1; pgrep -f '\(program)'"]).text == "")
        try scene.write("#!/bin/sh\ntrue\n", to: "script.sh")
        let next = try scene.run(
            "run", try scene.recipe(script: "script.sh"), variables: [("TMPDIR", "\(scene.path)/tmp")])
        #expect(next.status == 0, "\(next.errorText)")
        #expect(try Folder.names(in: "\(scene.path)/tmp") == [])
    }

    /// Those that were killed may need a moment.
    private func expectNobody() throws {
        try BackgroundProgram.wait(for: "the end of all processes") { (try? isRunning()) == false }
    }

    /// Whether a process is left that has taken the name NAME.
    private func isRunning() throws -> Bool {
        // What is dead and not yet fetched by init does not run.
        try Peer.run("ps", ["-eo", "stat=,comm="]).text.split(separator: "\n")
            .contains { !$0.hasPrefix("Z") && $0.hasSuffix(" \(scene.name)") }
    }
}
