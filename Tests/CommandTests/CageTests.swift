import ByteKit
import TestKit
import Testing

@Suite(
    "A function in its cage",
    .enabled(if: CageScene.isPossible, "needs a bubblewrap that works, docker-registry and gcc"))
struct CageTests {
    private let scene: CageScene

    init() throws { scene = try CageScene() }

    @Test("is Lambda's user, with no right and no way to one")
    func user() throws {
        let facts = try scene.facts(
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
        let facts = try scene.facts(
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
        let facts = try scene.facts(
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
        let facts = try scene.facts(
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
        let facts = try scene.facts(
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
        let facts = try scene.facts(
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

    @Test(
        "is the same for an ordinary user, and has no more than Lambda's number of processes",
        .enabled(if: OrdinaryUser.canRunTool, OrdinaryUser.reason))
    func ordinaryUser() throws {
        let recipe = try scene.recipe(
            program: CageScene.head + """
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
            OrdinaryUser.words[0],
            OrdinaryUser.words.dropFirst() + [Products.scarBuild, "run", recipe, "--cache", "\(scene.path)/cache"],
            variables: [("HOME", scene.path)])
        #expect(!result.errorText.contains("no cage"), "\(result.errorText)")
        #expect(result.errorText.contains("uid=993\n") && result.errorText.contains("core_pattern=E"))
        let count = result.errorText.split(separator: "\n").compactMap { line in
            line.hasPrefix("processes=") ? Int(line.dropFirst("processes=".count)) : nil
        }.first
        // The supervisor, its threads and bubblewrap count as well. Kernels before 5.14 cannot count by namespace.
        #expect(count.map { (1000...1024).contains($0) } == true, "\(result.errorText)")
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
}
