internal import ByteKit
internal import Glibc

/// What the cage looks like from inside: a root that has what a sandbox of `provided.al2023` has, or the image's own; and
/// nothing else of this machine's.
struct CageRoot {
    /// The unpacked package, which becomes `/var/task`.
    var package: String
    /// An unpacked layer, which becomes `/opt`.
    var layer: String?
    /// An unpacked image, which becomes the root.
    var image: String?
    /// The folder that plays the buckets.
    var storage: String
    /// A folder of ours for the few files that are made for the cage.
    var files: String
    /// Room in `/tmp`, in MB.
    var ephemeralStorage: Int
    var variables: [(name: String, value: String)]

    /// Where the package is in the cage.
    static let packagePath = "/var/task"
    /// Where the buckets are: outside `/tmp`, whose size is counted, and at a path that no image has.
    static let storagePath = "/mnt/scar-storage"
    /// The user and the group that Lambda runs functions as.
    static let user = 993
    static let group = 990

    /// bubblewrap's options, without its descriptors and the program.
    func arguments() throws(FileError) -> [String] {
        var words = Self.namespaces + ["--clearenv"]
        for variable in variables { words += ["--setenv", variable.name, variable.value] }
        if let image { words += Self.system(image) } else { words += Self.system() + (try accounts()) }
        words += Self.processes() + Self.devices
        // The option before the mount is about that mount.
        words += ["--perms", "1777", "--size", "\(ephemeralStorage << 20)", "--tmpfs", "/tmp"]
        if image == nil { for folder in Self.emptyFolders { words += ["--perms", "0755", "--dir", folder] } }
        words += ["--ro-bind", package, Self.packagePath, "--bind", storage, Self.storagePath]
        if let layer { words += ["--ro-bind", layer, "/opt"] }
        return words + ["--chdir", Self.packagePath, "--remount-ro", "/"]
    }

    /// The network is shared: a function has one, and the Runtime API is on it.
    private static let namespaces = [
        "--unshare-user", "--uid", "\(user)", "--gid", "\(group)", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
        "--unshare-cgroup-try", "--die-with-parent", "--new-session", "--cap-drop", "ALL",
        "--hostname", "169.254.76.1",
    ]

    // MARK: - The parts

    /// Programs and libraries of this machine, which stand for Amazon Linux's, and the settings they read.
    private static func system() -> [String] {
        var words = ["--ro-bind", "/usr", "/usr"]
        // What was installed by hand here is not in a sandbox.
        if isFolder("/usr/local") { words += ["--tmpfs", "/usr/local", "--remount-ro", "/usr/local"] }
        for folder in ["/bin", "/sbin", "/lib", "/lib32", "/libx32", "/lib64"] {
            if let target = link(folder) {
                words += ["--symlink", target, folder]
            } else if isFolder(folder) {
                words += ["--ro-bind", folder, folder]
            }
        }
        words += ["--perms", "0755", "--dir", "/etc"]
        for file in settings where unsafe access(file, R_OK) == 0 { words += ["--ro-bind", file, file] }
        return words
    }

    /// An image's files, and what containers have of this machine's.
    ///
    /// They are bound to be written to, because bubblewrap makes the folders that it mounts on; when all is mounted, the root
    /// becomes read-only.
    private static func system(_ image: String) -> [String] {
        var words = ["--bind", image, "/"]
        for file in machineFiles where unsafe access(file, R_OK) == 0 { words += ["--ro-bind", file, file] }
        return words + ["--perms", "0755", "--tmpfs", "/dev"]
    }

    /// What is this machine's in an image's root, too.
    static let machineFiles = ["/etc/resolv.conf", "/etc/hosts"]
    /// Folders of an image's root that the cage puts something at or into.
    static let neededFolders = ["dev", "etc", "mnt", "proc", "tmp", "var"]

    /// Of certificates only those that are public: as root, all of `/etc` could be read.
    private static let settings = [
        "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/nsswitch.conf",
        "/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/protocols", "/etc/services",
        "/etc/mime.types", "/etc/os-release", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ssl/cert.pem",
        "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem", "/etc/pki/tls/openssl.cnf", "/etc/pki/ca-trust/extracted",
        "/etc/crypto-policies/back-ends",
    ]

    /// The users a sandbox knows.
    private func accounts() throws(FileError) -> [String] {
        let passwd = """
            root:x:0:0:root:/root:/bin/bash
            nobody:x:65534:65534:Kernel Overflow User:/:/sbin/nologin
            sbx_user1051:x:\(Self.user):\(Self.group)::/home/sbx_user1051:/sbin/nologin

            """
        let group = "root:x:0:\nnobody:x:65534:\nsbx_user1051:x:\(Self.group):\n"
        var words: [String] = []
        for (name, text) in [("passwd", passwd), ("group", group)] {
            var file = try OutputFile("\(files)/\(name)", bufferSize: 4096)
            try file.write(Array(text.utf8))
            try file.finish()
            words += ["--ro-bind", "\(files)/\(name)", "/etc/\(name)"]
        }
        return words
    }

    /// The cage's own `/proc`. When root starts the cage, the user in it is root to the kernel where no right but
    /// ownership is asked for, as in `/proc/sys`: so all that is no process's is read-only.
    private static func processes() -> [String] {
        var words = ["--proc", "/proc"]
        for name in (try? Folder.names(in: "/proc")) ?? [] where !name.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            var status = stat()
            guard unsafe lstat("/proc/\(name)", &status) == 0, status.st_mode & S_IFMT != S_IFLNK,
                status.st_mode & S_IFMT == S_IFDIR || status.st_mode & 0o222 != 0
            else { continue }
            words += ["--ro-bind", "/proc/\(name)", "/proc/\(name)"]
        }
        return words
    }

    /// As in a sandbox, there is no `/dev/shm`.
    private static let devices: [String] = {
        var words = ["--perms", "0755", "--dir", "/dev"]
        for name in ["null", "zero", "full", "random", "urandom", "tty"] {
            words += ["--dev-bind", "/dev/\(name)", "/dev/\(name)"]
        }
        for (target, name) in [("fd", "fd"), ("fd/0", "stdin"), ("fd/1", "stdout"), ("fd/2", "stderr")] {
            words += ["--symlink", "/proc/self/\(target)", "/dev/\(name)"]
        }
        return words
    }()

    private static let emptyFolders = [
        "/home", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/sys", "/var", "/var/cache", "/var/lang",
        "/var/lib",
        "/var/log", "/var/runtime", "/var/spool", "/var/tmp",
    ]

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Where a link leads, or nil for what is none.
    private static func link(_ path: String) -> String? {
        var target = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink(path, &target, target.count)
        return count > 0 ? String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
