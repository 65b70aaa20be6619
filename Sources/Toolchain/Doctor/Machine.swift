internal import ByteKit
internal import Glibc
internal import Transport

/// What can be seen of this machine without changing anything on it.
enum Machine {
    /// As images name it.
    static var platform: String {
        #if arch(arm64)
            "linux/arm64"
        #else
            "linux/amd64"
        #endif
    }

    static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

    // MARK: Folders and memory

    /// Whether files can be written into a folder, or it can be made; and how much room there is.
    static func folder(_ path: String, _ subject: String, hint: String) -> Checkup {
        let place = existing(path)
        guard unsafe access(place + "/.", W_OK | X_OK) == 0 else {
            return Checkup(
                subject, .missing, "\(path) cannot be written: \(unsafe String(cString: strerror(errno)))",
                advice: "change its permissions, or name another folder with \(hint)")
        }
        guard let free = freeBytes(place) else { return Checkup(subject, .present, path) }
        let detail = "\(path), \(ByteCount.text(free)) free"
        // An image of half a gigabyte needs about three times that, with its layers, objects and package.
        guard free < 2_000_000_000 else { return Checkup(subject, .present, detail) }
        return Checkup(
            subject, .limited, detail + ", which is little for large images",
            advice: "free some, with ‘scar-build cache gc’ perhaps, or name another folder with \(hint)")
    }

    /// The folder itself, or the nearest one above it that is there.
    private static func existing(_ path: String) -> String {
        var place = path
        while unsafe access(place, F_OK) != 0, let slash = place.lastIndex(of: "/") {
            place = slash == place.startIndex ? "/" : String(place[..<slash])
            if place == "/" { break }
        }
        return unsafe access(place, F_OK) == 0 ? place : "."
    }

    /// What an ordinary user may still write there. statvfs(3).
    private static func freeBytes(_ path: String) -> Int? {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return nil }
        let (bytes, isTooLarge) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        return isTooLarge ? nil : bytes
    }

    /// The cage keeps the function's /tmp in memory.
    static var memory: Checkup {
        guard let free = Cage.freeMemory else { return Checkup("memory", .limited, "/proc/meminfo cannot be read") }
        let detail = "\(ByteCount.text(free)) free"
        guard free < 1_000_000_000 else { return Checkup("memory", .present, detail) }
        return Checkup(
            "memory", .limited, detail + "; run and test keep the function's /tmp in memory",
            advice: "end other programs, or build with fewer threads (--jobs 1)")
    }

    // MARK: Settings

    /// The bundles of certificates that distributions have.
    private static let bundles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    static var certificates: Checkup {
        let named = Environment["SSL_CERT_FILE"]
        if let path = ([named].compactMap(\.self) + bundles).first(where: isReadable) {
            return Checkup("certificates", .present, path)
        }
        return Checkup(
            "certificates", .limited, "there is no bundle of certificate authorities: no server can be trusted",
            advice: "apt-get install ca-certificates, or set SSL_CERT_FILE")
    }

    static var locale: Checkup {
        let name = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { Environment[$0] }.first ?? "C"
        let letters = name.lowercased().filter { $0 != "-" }
        guard letters.contains("utf8") else {
            return Checkup(
                "locale", .limited, "\(name): messages are in UTF-8, and a terminal may show them wrongly",
                advice: "export LC_ALL=C.UTF-8")
        }
        return Checkup("locale", .present, name)
    }

    /// The setting of the kernel that keeps ordinary users from making user namespaces; nil when there is none.
    static var namespaceLock: String? {
        let locks = [
            ("kernel/unprivileged_userns_clone", "0"), ("user/max_user_namespaces", "0"),
            ("kernel/apparmor_restrict_unprivileged_userns", "1"),
        ]
        for (name, closed) in locks {
            let value = String(decoding: ProcessFamily.contents("/proc/sys/\(name)"), as: UTF8.self)
            guard value.split(whereSeparator: \.isWhitespace).first.map(String.init) == closed else { continue }
            return "sysctl \(String(name.map { $0 == "/" ? "." : $0 })) is \(closed)"
        }
        return nil
    }
}
