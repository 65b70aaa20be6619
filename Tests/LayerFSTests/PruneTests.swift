import ByteKit
import LayerFS
import TestKit
import Testing

@Suite("Pruning and relocating") struct PruneTests {
    private static func rule(_ name: String, _ patterns: [String], except exceptions: [String] = []) -> PruneRule {
        PruneRule(name, "a test", patterns, except: exceptions)
    }

    private static func pruned(_ items: [TarItem], _ rules: [PruneRule], keep: [String] = []) throws
        -> Linker.LinkedTree
    {
        try LayerWorkspace().link(
            [TarBuilder.archive(items)], Linker.Rules(prune: rules, keep: keep.map { PathPattern($0) }))
    }

    @Test("files that a rule names go, and folders that it empties; others stay")
    func removes() throws {
        let linked = try Self.pruned(
            [.file("doc/a", "12"), .file("doc/b/c", "345"), .folder("doc/empty"), .folder("other"), .file("x", "1")],
            [Self.rule("doc", ["doc/**"])])
        #expect(try linked.brief() == ["doc/", "other/", "x=1"])
        #expect(linked.report.removals.map { "\($0.rule) \($0.reason) \($0.files) \($0.bytes)" } == ["doc a test 2 5"])
    }

    @Test("a folder that a rule names stays as long as something is in it")
    func foldersStay() throws {
        let items: [TarItem] = [.file("cache/a", "1"), .file("cache/b/c", "1")]
        #expect(
            try Self.pruned(items, [Self.rule("cache", ["cache"])]).brief() == [
                "cache/", "cache/a=1", "cache/b/", "cache/b/c=1",
            ])
        #expect(try Self.pruned(items, [Self.rule("cache", ["cache", "cache/**"])]).brief() == [])
        #expect(
            try Self.pruned(items, [Self.rule("cache", ["cache", "cache/**"])], keep: ["cache/b/c"]).brief() == [
                "cache/", "cache/b/", "cache/b/c=1",
            ])
    }

    @Test("what a rule excepts, or the recipe keeps, stays")
    func keepWins() throws {
        let items: [TarItem] = [
            .file("d/copyright", "1"), .file("d/readme", "1"), .file("d/kept", "1"), .symlink("d/s", to: "kept"),
        ]
        let linked = try Self.pruned(items, [Self.rule("d", ["d/**"], except: ["d/copyright"])], keep: ["kept"])
        #expect(try linked.brief() == ["d/", "d/copyright=1", "d/kept=1"])
        #expect(linked.report.removals.map(\.files) == [2])
    }

    @Test("an exception of one rule does not protect from another")
    func exceptionsAreTheRulesOwn() throws {
        let rules = [Self.rule("first", ["*.txt"], except: ["a.txt"]), Self.rule("second", ["a.*"])]
        let linked = try Self.pruned([.file("a.txt", "12"), .file("b.txt", "1"), .file("c", "1")], rules)
        #expect(try linked.brief() == ["c=1"])
        #expect(linked.report.removals.map { "\($0.rule) \($0.files) \($0.bytes)" } == ["first 1 1", "second 1 2"])
    }

    @Test("the first rule that matches is the one that is told, and one that removes nothing is not")
    func account() throws {
        let rules = [Self.rule("none", ["nothing"]), Self.rule("one", ["a"]), Self.rule("two", ["a", "b"])]
        let linked = try Self.pruned([.file("a", "123"), .file("b", "45")], rules)
        #expect(linked.report.removals.map { "\($0.rule) \($0.files) \($0.bytes)" } == ["one 1 3", "two 1 2"])
    }

    @Test("bytes are counted when the last name of a file goes")
    func hardLinks() throws {
        let items: [TarItem] = [.file("a", "12345"), .hardLink("b", to: "a"), .hardLink("c", to: "a")]
        let some = try Self.pruned(items, [Self.rule("some", ["a", "b"])])
        #expect(some.report.removals.map { "\($0.files) \($0.bytes)" } == ["2 0"])
        #expect(try some.brief() == ["c=12345"])
        let all = try Self.pruned(items, [Self.rule("all", ["?"])])
        #expect(all.report.removals.map { "\($0.files) \($0.bytes)" } == ["3 5"])
    }

    @Test("without rules nothing goes")
    func noRules() throws {
        let linked = try Self.pruned([.file("tmp/a", "1"), .folder("var/cache")], [])
        #expect(try linked.brief() == ["tmp/", "tmp/a=1", "var/", "var/cache/"])
        #expect(linked.report.removals.isEmpty)
    }

    @Test("the safe rules take what no program reads, and leave licences and the folders themselves")
    func safeRules() throws {
        let gone = [
            "var/cache/apt/archives/a.deb", "var/lib/apt/lists/x", "var/cache/apk/APKINDEX", "var/log/dpkg.log",
            "usr/share/doc/a/README", "usr/share/man/man1/a.1.gz", "usr/share/locale/de/LC_MESSAGES/a.mo",
            "usr/include/stdio.h",
            "usr/lib/x86_64-linux-gnu/libc.a", "usr/lib/python3/__pycache__/os.pyc",
        ]
        let kept = [
            "bin/sh", "etc/passwd", "tmp/x", "var/tmp/y", "usr/lib/a/libx.so.1", "usr/share/doc/a/copyright",
            "usr/share/doc/a/b/LICENSE.txt",
            "usr/share/locale/en_GB/LC_MESSAGES/a.mo", "usr/share/zoneinfo/UTC", "var/lib/dpkg/status",
            "usr/lib/python3/os.py", "opt/app/a",
        ]
        let linked = try Self.pruned((gone + kept).map { .file($0, "1") }, PruneRule.safe)
        for path in gone { #expect(linked.tree.node(at: Array(path.utf8)) == nil, "\(path)") }
        for path in kept { #expect(linked.tree.node(at: Array(path.utf8)) != nil, "\(path)") }
        for path in ["var/log", "var/cache/apt"] { #expect(linked.tree.node(at: Array(path.utf8)) != nil, "\(path)") }
        #expect(linked.report.removals.reduce(0) { $0 + $1.files } == gone.count)
        #expect(Set(PruneRule.safe.map(\.name)).count == PruneRule.safe.count)
        #expect(PruneRule.safe.allSatisfy { !$0.reason.isEmpty })
    }

    @Test("another keep never removes a file, and another rule never brings one back", arguments: 0..<40)
    func monotone(seed: Int) throws {
        var numbers = SeededNumbers(seed: UInt64(seed))
        let names = ["a", "b", "ab", "x.a", "y"]
        func path() -> String { (0...numbers.below(3)).map { _ in numbers.pick(names) }.joined(separator: "/") }
        func pattern() -> String {
            (0...numbers.below(2)).map { _ in numbers.once(in: 3) ? "**" : numbers.pick(names + ["*", "?", "*.a"]) }
                .joined(separator: "/")
        }
        let items = (0..<40).map { _ in TarItem.file(path() + "/f\(numbers.below(3))", "1") }
        let rules = (0..<3).map { Self.rule("\($0)", [pattern(), pattern()], except: [pattern()]) }
        let keep = (0..<3).map { _ in pattern() }
        func left(_ rules: [PruneRule], _ keep: [String]) throws -> Set<String> {
            Set(try Self.pruned(items, rules, keep: keep).brief())
        }
        let all = try left([], [])
        var previous = try left(rules, [])
        #expect(previous.isSubset(of: all))
        for count in 1...keep.count {
            let next = try left(rules, Array(keep[..<count]))
            #expect(previous.isSubset(of: next))
            previous = next
        }
        #expect(try left(rules, keep).isSubset(of: left(Array(rules[..<2]), keep)))
        #expect(try left(rules, ["**"]) == all)
    }

    // MARK: - Relocating

    private static func relocated(_ items: [TarItem]) throws -> Linker.LinkedTree {
        try LayerWorkspace().link([TarBuilder.archive(items)], Linker.Rules(prefix: Array("/p".utf8)))
    }

    @Test(
        "an absolute symlink leads to the same file from wherever the tree lies",
        arguments: [
            ("a", "/etc/x", "etc/x"), ("d/a", "/etc/x", "../etc/x"), ("d/e/a", "/etc/x", "../../etc/x"),
            ("d/a", "/", ".."), ("a", "/", "."),
            ("d/a", "//etc//x/", "../etc/x"), ("d/a", "/../../etc/x", "../etc/x"), ("a", "/./etc/../../x", "etc/../x"),
            ("a", "relative/x", "relative/x"), ("d/a", "../x", "../x"), ("d/a", "../../../x", "../x"), ("a", "..", "."),
            ("a", "/proc/self/exe", "/proc/self/exe"), ("a", "/dev/null", "/dev/null"), ("a", "/sys", "/sys"),
            ("a", "/device", "device"), ("a", "/tmp/x", "/tmp/x"), ("var/tmp", "/tmp", "/tmp"), ("a", "/tmpx", "tmpx"),
            // What climbs into the host's folders means the host's; what stays below does not.
            ("etc/mtab", "../proc/self/mounts", "/proc/self/mounts"), ("var/tmp", "../tmp", "/tmp"),
            ("a", "tmp/x", "/tmp/x"), ("d/e/a", "../tmp/x", "../tmp/x"), ("d/a", "../../../dev/null", "/dev/null"),
            ("d/a", "../tmp/../x", "../tmp/../x"), ("d/a", "tmp", "tmp"),
        ])
    func relativizes(path: String, target: String, expected: String) throws {
        let linked = try Self.relocated([.symlink(path, to: target)])
        #expect(text(try linked.inode(at: path).target) == expected)
        #expect(linked.relocation?.symlinks == (target == expected ? 0 : 1))
    }

    @Test(
        "what goes up behind a symlink goes up from where the link leads",
        arguments: [
            // To p/q/r, up two: p.
            ("deep/../../x", "deep/../../x"), ("/deep/../../x", "deep/../../x"),
            // And up two more, of which one is above the root.
            ("deep/../../../../x", "deep/../../../x"), ("flat/../../x", "flat/../x"), ("loop/../../x", "loop/../x"),
            ("deep/none/../../../../../y", "deep/none/../../../../y"),
        ])
    func climbsBehindLinks(target: String, expected: String) throws {
        let linked = try Self.relocated([
            .folder("p/q/r"), .folder("s"), .symlink("deep", to: "/p/q/r"), .symlink("flat", to: "s"),
            .symlink("loop", to: "loop"), .symlink("a", to: target),
        ])
        #expect(text(try linked.inode(at: "a").target) == expected)
    }

    @Test("a tree that will be the root keeps its symlinks as they are")
    func notRelocated() throws {
        let linked = try LayerWorkspace().link([TarBuilder.archive([.symlink("d/a", to: "/etc/x")])])
        #expect(text(try linked.inode(at: "d/a").target) == "/etc/x")
        #expect(linked.relocation == nil)
    }

    @Test("two names of one symlink at different depths both lead to its file")
    func linkedSymlinks() throws {
        let linked = try Self.relocated([.symlink("a", to: "/x"), .hardLink("d/e/b", to: "a"), .hardLink("c", to: "a")])
        #expect(try linked.brief() == ["a -> x", "c == a", "d/", "d/e/", "d/e/b -> ../../x"])
        try linked.order.preorder.forEach { _ = try linked.bytes(of: $0) }
        let workspace = try LayerWorkspace()
        let image = try workspace.squash(
            workspace.link(
                [TarBuilder.archive([.symlink("a", to: "/x"), .hardLink("d/b", to: "a")])],
                Linker.Rules(prefix: Array("/p".utf8)))
        ).path
        #expect(try Listing(squash: image).facts[Array("d/b".utf8)] == "l 0:0 -> ../x")
    }

    @Test("a target that would become longer than Linux takes stays, and is told")
    func longTarget() throws {
        let folder = Array(repeating: "d", count: 60).joined(separator: "/")
        let target = "/" + Array(repeating: "t", count: 1990).joined(separator: "/")
        let linked = try Self.relocated([.symlink(folder + "/s", to: target)])
        #expect(text(try linked.inode(at: folder + "/s").target) == target)
        #expect(linked.report.warnings.count == 1)
    }

    // MARK: - The report

    @Test("the report counts files, bytes and layers")
    func report() throws {
        let workspace = try LayerWorkspace()
        let base = TarBuilder.archive([
            .folder("usr/share/doc"), .file("usr/share/doc/big", [UInt8](repeating: 1, count: 9000)),
            .file("usr/bin/tool", [UInt8](repeating: 2, count: 5000)),
            .hardLink("usr/bin/other", to: "usr/bin/tool"), .symlink("bin", to: "usr/bin"),
            .file("hidden", [UInt8](repeating: 3, count: 700)), .file("empty"),
        ])
        let upper = TarBuilder.archive([.whiteout("hidden"), .file("usr/new", [UInt8](repeating: 4, count: 300))])
        let linked = try workspace.link([base, upper], Linker.Rules(prune: [Self.rule("doc", ["usr/share/doc/**"])]))
        let report = try workspace.checkedSquash(linked).report
        #expect(report.unpackedSize == 5300)
        #expect(report.files == 4)
        #expect(report.symlinks == 1)
        #expect(report.folders == 5)
        #expect(report.layers.map(\.bytes) == [14_700, 300])
        #expect(report.layers.map(\.liveBytes) == [5000, 300])
        #expect(report.layers.map(\.entries) == [7, 2])
        #expect(report.layers.map(\.digest) == [Digest(of: base), Digest(of: upper)])
        #expect(report.largestFiles.map { "\(text($0.path)) \($0.bytes)" } == ["usr/bin/other 5000", "usr/new 300"])
        #expect(report.folderSizes.map { "\(text($0.path)) \($0.bytes)" } == ["usr/bin 5000", "usr 300"])
        #expect(report.warnings.isEmpty)
    }

    @Test("the largest twenty files are told, largest first, equal ones by name")
    func largest() throws {
        let items = (0..<50).map { TarItem.file("f\($0)", [UInt8](repeating: 1, count: 10 + $0 / 10 * 10)) }
        let largest = try LayerWorkspace().link([TarBuilder.archive(items)]).report.largestFiles
        #expect(largest.map { text($0.path) } == (40..<50).map { "f\($0)" } + (30..<40).map { "f\($0)" })
    }
}
