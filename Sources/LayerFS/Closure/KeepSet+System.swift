extension KeepSet {
    /// What stays of any image, whatever its language.
    package static let system: [KeepSet] = always + library + formats + otherLanguages

    private static let always = [
        KeepSet(
            "configuration", "settings, accounts and certificates: small, and read by names of the program's own",
            ["etc/**"],
            except: [
                "etc/alternatives/**", "etc/init.d/**", "etc/rc?.d/**", "etc/cron*/**", "etc/systemd/**",
                "etc/logrotate.d/**", "etc/rmt", "etc/apt/**", "etc/dpkg/**", "etc/skel/**", "etc/bash_completion.d/**",
            ]),
        KeepSet(
            "application", "folders that no distribution has: somebody put them there on purpose",
            ["/*", "*/**"],
            except: [
                "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "bin/**", "boot/**", "dev/**", "etc/**",
                "lib/**",
                "lib32/**", "lib64/**", "libx32/**", "media/**", "mnt/**", "proc/**", "run/**", "sbin/**", "sys/**",
                "tmp/**", "usr/**", "var/**", "root/.cache/**",
            ]),
        KeepSet(
            "package-database", "what is installed, in which version: scanners for vulnerabilities read it",
            [
                "var/lib/dpkg/status", "var/lib/dpkg/status.d/**", "var/lib/dpkg/arch", "lib/apk/db/**",
                "usr/lib/apk/db/**", "var/lib/rpm/**", "usr/lib/sysimage/rpm/**", "usr/lib/os-release",
            ]),
        KeepSet(
            "certificates", "certificate authorities, for programs that speak TLS",
            [
                "usr/share/ca-certificates/**", "usr/local/share/ca-certificates/**", "usr/lib/ssl/*",
                "usr/share/pki/**", "usr/local/ssl/**",
            ]),
        KeepSet(
            "universal-time", "the time zone of functions",
            ["usr/share/zoneinfo/UTC", "usr/share/zoneinfo/Etc/UTC"]),
        KeepSet(
            "time-zones", "time zones, which languages and `date` look up by name",
            when: [
                "**/bin/date", "**/bin/python3*", "**/libpython3*.so*", "**/bin/ruby*", "**/libruby*.so*", "**/libR.so",
                "**/bin/perl", "**/libperl.so*", "**/bin/php*", "**/libicuuc.so*",
            ], ["usr/share/zoneinfo/**"], except: ["usr/share/zoneinfo/right/**", "usr/share/zoneinfo/posix/**"],
            isTraced: true),
    ]

    /// What the C library and its like load by name.
    private static let library = [
        KeepSet(
            "name-services", "how glibc looks up hosts and users", when: ["**/libc.so.6"],
            ["**/libnss_files.so*", "**/libnss_dns.so*", "**/libresolv.so*"]),
        KeepSet(
            "unwinding", "glibc loads it when a thread is cancelled", when: ["**/libc.so.6"], ["**/libgcc_s.so*"]),
        KeepSet(
            "locale", "the locale C.UTF-8", when: ["**/libc.so.6"],
            ["usr/lib/locale/C.utf8/**", "usr/lib/locale/C.UTF-8/**"]),
        KeepSet(
            "character-sets", "the usual character sets of glibc's iconv", when: ["**/libc.so.6"],
            [
                "**/gconv/gconv-modules*", "**/gconv/gconv-modules.d/**", "**/gconv/ISO8859-1.so",
                "**/gconv/ISO8859-15.so", "**/gconv/CP1252.so", "**/gconv/UTF-7.so", "**/gconv/UTF-16.so",
                "**/gconv/UTF-32.so", "**/gconv/UNICODE.so",
            ], isTraced: true),
        KeepSet(
            "all-character-sets", "a program converts between character sets, or names one that is none of the usual",
            when: ["**/bin/iconv"],
            words: [
                "iconv", "iconvlist", "iconv-lite", "fileEncoding", "SHIFT_JIS", "Shift_JIS", "SJIS",
                "Windows-31J", "CP932", "EUC-JP", "ISO-2022-JP", "EUC-KR", "CP949", "UHC", "GBK", "GB2312", "GB18030",
                "Big5", "BIG5", "BIG5-HKSCS", "KOI8-R", "KOI8-U", "CP437", "CP850", "CP1250", "CP1251", "windows-1250",
                "windows-1251", "latin2", "ISO-8859-2", "ISO-8859-5",
            ], ["**/gconv/**"], isTraced: true),
        KeepSet(
            "openssl-modules", "OpenSSL's providers and engines", when: ["**/libcrypto.so*"],
            ["**/ossl-modules/**", "**/engines-*/**"], except: ["**/engines-*/*test*"]),
        KeepSet(
            "authentication-modules", "plug-ins of SASL and Kerberos", when: ["**/libsasl2.so*", "**/libkrb5.so*"],
            ["**/sasl2/**", "**/krb5/plugins/**"], except: ["**/sasl2/libsasldb*"], isTraced: true),
        KeepSet(
            "trust-modules", "where p11-kit has its certificates from", when: ["**/libp11-kit.so*"],
            ["**/pkcs11/**", "usr/share/p11-kit/**"]),
        KeepSet(
            "terminals", "descriptions of terminals", when: ["**/libtinfo.so*", "**/libncurses*.so*"],
            ["lib/terminfo/**", "usr/lib/terminfo/**", "usr/share/terminfo/x/xterm*", "usr/share/terminfo/d/dumb"],
            isTraced: true),
    ]

    /// Tables and plug-ins of libraries for files of one kind.
    private static let formats = [
        KeepSet(
            "fonts", "fonts, which Fontconfig finds by what is in them", when: ["**/libfontconfig.so*"],
            ["usr/share/fonts/**", "usr/local/share/fonts/**", "usr/share/fontconfig/**"], isTraced: true),
        KeepSet(
            "ghostscript", "Ghostscript's start-up files, fonts and profiles", when: ["**/libgs.so*", "**/bin/gs"],
            [
                "usr/share/ghostscript/**", "usr/share/color/icc/ghostscript/**", "usr/share/poppler/**",
                "var/lib/ghostscript/**", "usr/share/fonts/type1/**",
            ], isTraced: true),
        KeepSet(
            "pictures", "GdkPixbuf's loaders", when: ["**/libgdk_pixbuf-2.0.so*"],
            ["**/gdk-pixbuf-2.0/**", "usr/share/mime/magic", "usr/share/mime/mime.cache"], isTraced: true),
        KeepSet(
            "glib-modules", "GIO's modules and GLib's settings", when: ["**/libgio-2.0.so*"],
            ["**/gio/modules/**", "usr/share/glib-2.0/schemas/**"], isTraced: true),
        KeepSet(
            "file-types", "how libmagic tells files", when: ["**/libmagic.so*"],
            ["usr/share/misc/magic*", "usr/share/file/**", "usr/lib/file/**"], isTraced: true),
        KeepSet(
            "git", "Git's commands and templates", when: ["**/bin/git"],
            ["**/git-core/**", "usr/share/git-core/**"], isTraced: true),
    ]

    /// Languages that have no launcher.
    private static let otherLanguages = [
        KeepSet(
            "php", "PHP's extensions and libraries", when: ["**/bin/php*"],
            ["usr/lib/php/**", "usr/share/php*/**", "usr/local/lib/php/**", "usr/local/etc/php/**"], isTraced: true),
        KeepSet(
            "lua", "Lua's modules", when: ["**/bin/lua*", "**/liblua*.so*"],
            ["usr/share/lua/**", "usr/lib/*/lua/**", "usr/local/share/lua/**", "usr/local/lib/lua/**"], isTraced: true),
        KeepSet(
            "tcl", "Tcl's libraries", when: ["**/bin/tclsh*", "**/libtcl*.so*"],
            ["usr/share/tcltk/**", "usr/lib/tcltk/**", "usr/lib/tcl*/**", "usr/local/lib/tcl*/**"], isTraced: true),
        KeepSet(
            "guile", "Guile's modules", when: ["**/bin/guile*", "**/libguile*.so*"],
            ["usr/share/guile/**", "usr/lib/*/guile/**"], isTraced: true),
        KeepSet(
            "dotnet", ".NET's shared frameworks", when: ["**/dotnet/dotnet", "**/bin/dotnet"],
            ["usr/share/dotnet/**", "usr/lib/dotnet/**"], isTraced: true),
        KeepSet(
            "awk", "gawk's libraries", when: ["**/bin/gawk"], ["usr/share/awk/**", "**/gawk/**"], isTraced: true),
    ]

    /// Folders that many have something in, so that whoever names one does not mean all of it.
    static let commonFolders = [
        "/*", "/*/*", "usr/lib/*-linux-*", "usr/local/*", "usr/local/share/*",
        "usr/local/lib/*", "usr/share/locale", "usr/share/locale/**", "usr/share/doc", "usr/share/man",
        "usr/share/man/**", "usr/share/info", "usr/share/icons/**", "usr/share/icons", "usr/share/applications",
        "usr/share/mime", "usr/share/fonts", "usr/share/fonts/**", "usr/share/zoneinfo", "usr/share/zoneinfo/**",
        "usr/share/themes", "usr/share/pixmaps", "usr/share/misc", "usr/share/dict", "usr/share/games",
        "usr/share/java", "usr/share/i18n", "usr/share/i18n/**", "usr/share/vim/**", "usr/share/emacs/**",
        "usr/share/bash-completion/**", "usr/share/zsh/**", "usr/share/applications/**", "usr/share/X11",
        "usr/lib/locale", "usr/lib/locale/**", "usr/lib/systemd/**", "usr/lib/systemd", "usr/lib/gcc/**",
        "usr/lib/debug/**", "usr/lib/debug", "usr/lib/udev/**", "usr/lib/modules/**", "usr/lib/firmware/**",
        "usr/libexec", "usr/include/**", "usr/src/**", "usr/games",
        "usr/lib/*/gconv", "usr/lib/*/dri", "usr/lib/*/vdpau", "usr/lib/*/pkgconfig", "usr/lib/*/cmake/**",
        "usr/lib/*/security", "usr/lib/mime/**", "usr/share/doc/**", "var/lib", "var/lib/dpkg", "var/lib/dpkg/**",
        "var/lib/apt/**", "var/cache/*", "var/spool/*", "var/log/**", "var/run/**", "run/**", "proc/**", "sys/**",
        "dev/**", "tmp/**", "boot/**",
    ].map { PathPattern($0) }

    /// Shared objects that libraries load only for what no function does: names outside ASCII that a program asks the C library
    /// to look up (`AI_IDN`), and SELinux policies. They stay when a file needs them.
    static let rarelyLoaded = ["libidn2.so.*", "libsepol.so.*"].map { PathPattern($0) }

    /// Files that are read and not run: services' scripts name half of a system.
    static let settings = ["etc/**"].map { PathPattern($0) }

    /// Start scripts whose commands a set lists, because most of those that they name are for what no function does.
    static let listedStarts = ["**/elixir/bin/*"].map { PathPattern($0) }

    /// Whether a file is a program's source whose words bring sets in: one that is no part of its language.
    static func isSource(_ path: [ArraySlice<UInt8>]) -> Bool {
        sources.contains { $0.matches(path) } && !languages.contains { $0.matches(path) }
    }

    private static let sources = ["**/*.rb", "**/*.ru", "**/*.rake", "**/*.gemspec", "**/Gemfile*"]
        .map { PathPattern($0) }
    private static let languages = [
        "usr/lib/ruby/**", "usr/lib/*/ruby/**", "usr/local/lib/ruby/[0-9]*/**", "usr/share/rubygems-integration/**",
        "usr/share/ruby-*/**",
    ]
    .map { PathPattern($0) }

    /// Files whose words name programs besides shell scripts.
    static let programLists = ["**/delegates.xml"].map { PathPattern($0) }
}
