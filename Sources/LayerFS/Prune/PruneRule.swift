/// A rule that removes files, with the reason people are told.
package struct PruneRule: Sendable, Hashable {
    package let name: String
    package let reason: String
    package let patterns: [PathPattern]
    /// What the patterns match and the rule nevertheless leaves.
    package let exceptions: [PathPattern]

    package init(_ name: String, _ reason: String, _ patterns: [String], except exceptions: [String] = []) {
        self.name = name
        self.reason = reason
        self.patterns = patterns.map { PathPattern($0) }
        self.exceptions = exceptions.map { PathPattern($0) }
    }

    /// The rules of the profile `safe`: what no program reads when it runs, or makes again when it is missing.
    package static let safe: [PruneRule] = [
        PruneRule(
            "package-cache", "downloaded packages and indexes; the package manager fetches them again",
            [
                "var/cache/apt/**", "var/lib/apt/lists/**", "var/cache/apk/**", "etc/apk/cache/**", "var/cache/dnf/**",
                "var/cache/yum/**", "var/cache/zypp/**", "var/cache/pacman/**", "var/cache/debconf/**",
            ]),
        PruneRule("logs", "logs of the image's making", ["var/log/**"]),
        PruneRule(
            "documentation", "documentation; licence texts stay",
            [
                "usr/share/doc/**", "usr/share/doc-base/**", "usr/share/gtk-doc/**", "usr/local/share/doc/**",
                "usr/share/lintian/**",
            ],
            except: ["usr/share/doc/*/copyright", "usr/share/doc/**/LICENSE*", "usr/local/share/doc/**/LICENSE*"]),
        PruneRule(
            "manuals", "manual and info pages", ["usr/share/man/**", "usr/local/share/man/**", "usr/share/info/**"]),
        PruneRule(
            "translations", "messages in other languages",
            ["usr/share/locale/*/LC_MESSAGES/**"], except: ["usr/share/locale/en*/LC_MESSAGES/**"]),
        PruneRule("headers", "C and C++ headers", ["usr/include/**", "usr/local/include/**"]),
        PruneRule(
            "static-libraries", "libraries for linking, which no running program loads",
            ["usr/lib/**/*.a", "usr/local/lib/**/*.a", "lib/**/*.a"]),
        PruneRule("bytecode", "Python byte-code, made again from its source", ["**/__pycache__/**"]),
    ]
}
