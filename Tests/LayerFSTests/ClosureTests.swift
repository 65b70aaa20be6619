import ByteKit
import Glibc
import LayerFS
import TestKit
import Testing

@Suite("The closure of a function") struct ClosureTests {
    typealias Image = RelocationTests

    /// The tree that a closure leaves, beginning with these programs and texts.
    static func linked(
        _ items: [TarItem], programs: [String] = [], folders: [String] = [], script: String? = nil,
        sets: [KeepSet] = [], trace: ClosurePlan.Trace? = nil, prune: [PruneRule] = [], keep: [String] = []
    ) throws -> Linker.LinkedTree {
        var rules = Linker.Rules(prune: prune, keep: keep.map { PathPattern($0) })
        rules.closure = ClosurePlan(sets: sets, trace: trace) { _, _ in
            var roots = ClosureRoots()
            roots.programs = programs.map { Array($0.utf8) }
            roots.folders = folders.map { Array($0.utf8) }
            roots.commandFolders = ["/usr/bin", "/bin"].map { Array($0.utf8) }
            roots.texts = script.map { [ClosureRoots.Text("script.sh", Array($0.utf8), mayNameCommands: true)] } ?? []
            return roots
        }
        return try LayerWorkspace().link([TarBuilder.archive(items)], rules)
    }

    /// The files and links that are left.
    static func left(_ linked: Linker.LinkedTree) -> Set<String> {
        Set(linked.order.preorder.filter { !linked.tree.isDirectory($0) }.map { text(linked.tree.path(of: $0)) })
    }

    private static func program(_ path: String, _ bytes: [UInt8]) -> TarItem {
        TarItem.file(path, bytes).with { $0.mode = 0o755 }
    }

    private static func script(_ path: String, _ text: String) -> TarItem { program(path, Array(text.utf8)) }

    @Test("has a program's loader, its libraries and theirs, under all names that lead to them")
    func needs() throws {
        let linked = try Self.linked(
            [
                Self.program("usr/bin/a", Image.program(needed: ["liba.so.1"])),
                .file("usr/lib64/ld-linux-x86-64.so.2", Image.library()), .symlink("lib64", to: "usr/lib64"),
                .file("usr/lib/liba.so.1.2", Image.library(["libb.so"])),
                .symlink("usr/lib/liba.so.1", to: "liba.so.1.2"),
                .symlink("usr/lib/liba.so", to: "liba.so.1"), .file("opt/own/libb.so", Image.library()),
                .file("usr/lib/libc.so", Image.library()), Self.program("usr/bin/b", Image.program()),
                .file("usr/lib/libb.so", "no library"),
            ], programs: ["/usr/bin/a"])
        #expect(
            Self.left(linked) == [
                "usr/bin/a", "usr/lib64/ld-linux-x86-64.so.2", "lib64", "usr/lib/liba.so.1.2", "usr/lib/liba.so.1",
                "usr/lib/liba.so", "opt/own/libb.so",
            ])
    }

    @Test("has what a program's data names: libraries to be loaded, helpers and folders of its own by absolute paths")
    func strings() throws {
        let names = Array(
            "\0libplug.so.2\0/usr/libexec/helper\0/usr/share/own\0/usr/share\0/usr/bin\0%s/usr/lib/x.so\0".utf8)
        let linked = try Self.linked(
            [
                Self.program("usr/bin/a", Image.program() + names), .file("usr/lib/libplug.so.2", Image.library()),
                .file("usr/lib/x.so", Image.library()), Self.program("usr/libexec/helper", Image.program()),
                .file("usr/share/own/deep/table", "1"), .file("usr/share/other", "1"), .file("usr/bin/b", "1"),
                .file("usr/lib64/ld-linux-x86-64.so.2", Image.library()), .symlink("lib64", to: "usr/lib64"),
            ], programs: ["usr/bin/a"])
        #expect(
            Self.left(linked) == [
                "usr/bin/a", "usr/lib/libplug.so.2", "usr/lib/x.so", "usr/libexec/helper", "usr/share/own/deep/table",
                "usr/lib64/ld-linux-x86-64.so.2", "lib64",
            ])
    }

    @Test("has what runs a script, and the commands that a shell script names; words of other scripts are no commands")
    func scripts() throws {
        let items = [
            Self.script("usr/bin/start", "#!/usr/bin/env -S shell -e\nexec \"$HERE\"/helper | sort -n\n"),
            Self.script("usr/bin/env", "1"), Self.script("usr/bin/shell", "1"), Self.script("usr/bin/sort", "1"),
            Self.script("usr/bin/uniq", "1"), Self.script("usr/bin/sh", "1"), .symlink("bin", to: "usr/bin"),
            Self.script("usr/bin/other", "#!/bin/sh\n. /usr/lib/functions.sh\n"),
            .file("usr/lib/functions.sh", "uniq < /usr/lib/words\n"), .file("usr/lib/words", "sort"),
        ]
        #expect(
            Self.left(try Self.linked(items, programs: ["/bin/start"])) == [
                "bin", "usr/bin/start", "usr/bin/env", "usr/bin/shell",
            ])
        #expect(
            Self.left(try Self.linked(items, programs: ["/bin/other"])) == [
                "bin", "usr/bin/other", "usr/bin/sh", "usr/lib/functions.sh", "usr/bin/uniq", "usr/lib/words",
            ])
        #expect(
            Self.left(try Self.linked(items, script: "#!/bin/sh\nuniq x | /usr/bin/sort\n")) == [
                "bin", "usr/bin/sh", "usr/bin/uniq", "usr/bin/sort",
            ])
    }

    @Test("has sets once a file that stays brings them in, and then what they bring in")
    func sets() throws {
        let sets = [
            KeepSet("always", "a test", ["etc/**"], except: ["etc/not"]),
            KeepSet("modules", "a test", when: ["**/bin/language"], ["usr/lib/language/**"], except: ["**/doc/**"]),
            KeepSet("deeper", "a test", when: ["**/language/loader"], ["usr/share/deeper/*"]),
            KeepSet("absent", "a test", when: ["**/bin/none"], ["usr/lib/none/**"]),
        ]
        let items: [TarItem] = [
            .file("etc/a", "1"), .file("etc/not", "1"), .file("usr/bin/language", "1"),
            .file("usr/lib/language/loader", "1"), .file("usr/lib/language/doc/x", "1"),
            .symlink("usr/lib/language/linked", to: "../../share/linked"), .file("usr/share/linked/module", "1"),
            .file("usr/share/deeper/x", "1"), .file("usr/lib/none/x", "1"),
        ]
        #expect(Self.left(try Self.linked(items, sets: sets)) == ["etc/a"])
        let linked = try Self.linked(items, programs: ["usr/bin/language"], sets: sets)
        #expect(
            Self.left(linked) == [
                "etc/a", "usr/bin/language", "usr/lib/language/loader", "usr/lib/language/linked",
                "usr/share/linked/module", "usr/share/deeper/x",
            ])
        #expect(
            linked.report.keepings.map { "\($0.set ?? text($0.path ?? [])) \($0.files) \($0.bytes) \($0.reason)" } == [
                "always 1 1 a test", "modules 3 2 a test", "deeper 1 1 a test",
                "usr/bin/language 1 1 the function starts it",
            ])
    }

    @Test("has, of sets that a trace replaces, only what tests opened, and says which test")
    func traces() throws {
        let sets = [
            KeepSet("modules", "a test", when: ["**/bin/language"], ["usr/lib/language/**"], isTraced: true),
            KeepSet("always", "a test", ["etc/**"]),
        ]
        let items: [TarItem] = [
            .file("etc/a", "1"), .file("usr/bin/language", "1"), .file("usr/lib/language/a", "1"),
            .file("usr/lib/language/b", "1"), .file("usr/lib/language/c", "1"),
        ]
        let tests = [
            ClosurePlan.Trace.Test(name: "one", opened: [Array("usr/lib/language/a".utf8), Array("gone".utf8)]),
            ClosurePlan.Trace.Test(name: "two", opened: [Array("usr/lib/language/b".utf8)]),
        ]
        let linked = try Self.linked(
            items, programs: ["usr/bin/language"], sets: sets, trace: ClosurePlan.Trace(tests))
        #expect(Self.left(linked) == ["etc/a", "usr/bin/language", "usr/lib/language/a", "usr/lib/language/b"])
        #expect(
            linked.report.keepings.compactMap { $0.path == nil ? nil : $0.reason } == [
                "the function starts it", "test ‘one’ opened it", "test ‘two’ opened it",
            ])
        #expect(linked.report.removals.map(\.rule) == ["traced"])
    }

    @Test("has the applications that one of Erlang's needs, and takes no word for a name that is longer than any")
    func applications() throws {
        func left(_ word: String) throws -> Set<String> {
            let text = "{application,a,[{applications,[\(word)]}]}."
            let linked = try Self.linked(
                [
                    .file("lib/a/ebin/a.app", text), .file("lib/b/ebin/b.app", "{application,b,[]}."),
                    .file("lib/b/ebin/m.beam", "1"), .file("lib/b-2/ebin/b.app", "{application,b,[]}."),
                ], programs: ["lib/a/ebin/a.app"])
            return Self.left(linked).subtracting(["lib/a/ebin/a.app"])
        }
        let both: Set = ["lib/b/ebin/b.app", "lib/b/ebin/m.beam", "lib/b-2/ebin/b.app"]
        #expect(try left("b") == both && left("b,b,b.x") == both)
        #expect(try left("m.x,c") == ["lib/b/ebin/b.app", "lib/b/ebin/m.beam"])
        #expect(try left("m,b") == both)
        #expect(try left("b" + String(repeating: ".x", count: 127)) == both)
        #expect(try left("b" + String(repeating: ".x", count: 128)) == [])
    }

    @Test("leaves devices, empty folders, dangling links and the outermost folders as they are")
    func unchanged() throws {
        let linked = try Self.linked([
            .characterDevice("dev/null", 1, 3), .folder("var/lib/empty"), .symlink("etc/mtab", to: "../proc/mounts"),
            .file("usr/share/a", "1"), .file("usr/share/doc/deep/b", "1"),
        ])
        #expect(
            try linked.brief() == [
                "dev/", "dev/null c1:3", "etc/", "etc/mtab -> ../proc/mounts", "usr/", "usr/share/", "var/",
                "var/lib/",
                "var/lib/empty/",
            ])
    }

    @Test("goes round in circles of links, needs and scripts, and ends")
    func circles() throws {
        let linked = try Self.linked(
            [
                .symlink("a", to: "b"), .symlink("b", to: "a"), .symlink("up/self", to: ".."),
                Self.script("usr/bin/x", "#!/usr/bin/y\n"), Self.script("usr/bin/y", "#!/usr/bin/x\n/up/self/self/a"),
                .file("usr/lib/l.so", Image.library(["m.so"])), .file("usr/lib/m.so", Image.library(["l.so"])),
            ], programs: ["usr/bin/x", "a", "usr/lib/l.so", "/"])
        #expect(
            Self.left(linked) == ["a", "b", "up/self", "usr/bin/x", "usr/bin/y", "usr/lib/l.so", "usr/lib/m.so"])
    }

    @Test("goes through names of one file, and folders that many name, once")
    func linear() throws {
        let count = 20_000
        let files = (0..<count).map { TarItem.file("usr/share/own/f\($0)", "") }
        let links = (0..<count).map { TarItem.hardLink("usr/share/links/l\($0)", to: "usr/bin/a") }
        let scripts = (0..<1000).map { Self.script("usr/share/links/s\($0)", "#!/bin/none\n/usr/share/own") }
        let start = Self.processorSeconds()
        let linked = try Self.linked(
            [Self.script("usr/bin/a", "#!/bin/none\n/usr/share/links")] + files + links + scripts,
            programs: ["/usr/bin/a"])
        #expect(Self.left(linked).count == 2 * count + 1001)
        // Each of them times each other takes minutes.
        #expect(Self.processorSeconds() - start < 20)
    }

    @Test("does not look into more than images may have: a file of holes is large under each of its names")
    func holes() throws {
        var builder = TarBuilder()
        builder.addSparse("usr/bin/a", size: 700 << 20, [(700 << 20, [])], form: .pax10)
        for number in 0..<100 { builder.add(.hardLink("usr/bin/b\(number)", to: "usr/bin/a")) }
        let workspace = try LayerWorkspace(BlockSettings(compression: .zstd, level: 1, blockSize: 1 << 20))
        var rules = Linker.Rules()
        rules.closure = ClosurePlan(sets: [], trace: nil) { _, _ in
            var roots = ClosureRoots()
            roots.programs = [Array("usr/bin/b7".utf8)]
            return roots
        }
        let error = #expect(throws: LayerError.self) { try workspace.link([builder.finished()], rules) }
        #expect(error?.code == .tooLarge)
        #expect(error?.message.contains("look into") == true)
    }

    /// What this thread has used of a processor.
    private static func processorSeconds() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    // MARK: - Properties

    /// An image of files that name each other by chance, and what a function may begin with.
    private struct RandomImage {
        let items: [TarItem]
        let programs: [String]
        let sets: [KeepSet]
        let patterns: [String]

        init(seed: Int) {
            var numbers = SeededNumbers(seed: UInt64(seed))
            let folders = ["usr/bin", "usr/lib/a", "usr/lib/a/b", "usr/share/c", "etc", "app"]
            let paths = (0..<30).map { "\(numbers.pick(folders))/f\($0)\(numbers.once(in: 3) ? ".so" : "")" }
            items = paths.enumerated().map { number, path in
                let others = (0..<numbers.below(3)).map { _ in numbers.pick(paths) }
                if numbers.once(in: 5), let other = others.first, number > 0 {
                    return .symlink(path, to: "/\(other)")
                }
                if path.hasSuffix(".so") {
                    let needed = others.compactMap { $0.split(separator: "/").last.map(String.init) }
                    return .file(path, Image.library(needed))
                }
                let lines = others.map { numbers.once(in: 2) ? "/\($0)" : String($0.split(separator: "/").last ?? "") }
                return ClosureTests.script(path, "#!/usr/bin/sh\n" + lines.joined(separator: "\n"))
            }
            programs = (0..<2).map { _ in numbers.pick(paths) }
            sets = (0..<3).map { number in
                KeepSet(
                    "\(number)", "a test", when: numbers.once(in: 3) ? [] : ["**/f\(numbers.below(30))*"],
                    ["\(numbers.pick(folders))/*"], except: ["**/f\(numbers.below(30))"])
            }
            patterns = (0..<4).map { _ in numbers.once(in: 2) ? numbers.pick(paths) : "\(numbers.pick(folders))/f1*" }
        }
    }

    @Test("another keep, another root or another set never takes a file away", arguments: 0..<40)
    func monotone(seed: Int) throws {
        let image = RandomImage(seed: seed)
        let drop = [PruneRule("drop", "a test", [image.patterns[2], image.patterns[3]])]
        func left(_ programs: Int, _ sets: Int, _ keep: Int, _ rules: [PruneRule]) throws -> Set<String> {
            Self.left(
                try Self.linked(
                    image.items, programs: Array(image.programs[..<programs]), sets: Array(image.sets[..<sets]),
                    prune: rules, keep: Array(image.patterns[..<keep])))
        }
        let least = try left(1, 1, 0, drop)
        var previous = least
        for keep in 1...4 {
            let next = try left(1, 1, keep, drop)
            #expect(previous.isSubset(of: next))
            previous = next
        }
        #expect(try least.isSubset(of: left(2, 1, 0, drop)))
        #expect(try least.isSubset(of: left(1, 3, 0, drop)))
        // A link stays with nothing to lead to; with something that nothing else leads to, both go.
        let links = Set(image.items.filter { $0.type == "2" }.map { text($0.path) })
        #expect(try least.subtracting(links).isSubset(of: left(1, 1, 0, [])))
    }

    @Test("is the same on one thread and on three, and so is its account", arguments: 0..<10)
    func deterministic(seed: Int) throws {
        let image = RandomImage(seed: seed)
        let archive = TarBuilder.archive(image.items)
        let programs = image.programs.map { Array($0.utf8) }
        let reports = try [1, 3].map { threads in
            var rules = Linker.Rules()
            rules.closure = ClosurePlan(sets: image.sets) { _, _ in
                var roots = ClosureRoots()
                roots.programs = programs
                return roots
            }
            return try LayerWorkspace(threads: threads).link([archive], rules).report
        }
        #expect(reports[0].removed == reports[1].removed && reports[0].keepings == reports[1].keepings)
    }

    // MARK: - The account

    @Test("what one rule removed whole is one line; a file under a folder is found by its path")
    func account() throws {
        let linked = try Self.linked(
            [
                .file("usr/share/doc/a/x", "123"), .file("usr/share/doc/a/y", "45"), .file("usr/share/gone/z", "6"),
                .file("usr/share/kept/k", "7"), .file("usr/share/kept/gone", "89"), .file("usr/share/mixed/doc/m", "1"),
                .file("usr/share/mixed/n", "2"), .hardLink("usr/share/twin", to: "usr/share/kept/k"),
            ], programs: ["usr/share/kept/k"],
            prune: [PruneRule("documentation", "a test", ["usr/share/doc/**", "**/mixed/doc/**"])])
        #expect(
            linked.report.removed.map { "\(text($0.path)) \($0.rule) \($0.files) \($0.bytes)" } == [
                "usr/share/doc/a documentation 2 5", "usr/share/gone closure 1 1", "usr/share/kept/gone closure 1 2",
                "usr/share/mixed/doc/m documentation 1 1", "usr/share/mixed/n closure 1 1",
            ])
        #expect(
            linked.report.removals.map { "\($0.rule) \($0.files) \($0.bytes)" } == [
                "documentation 3 6", "closure 3 4",
            ])
        let lines = linked.report.removed
        #expect(lines.line(for: Array("/usr/share/doc/a/y".utf8))?.rule == "documentation")
        #expect(lines.line(for: Array("usr/share/gone/z".utf8))?.rule == "closure")
        #expect(lines.line(for: Array("usr/share/kept/k".utf8)) == nil)
        #expect(lines.line(for: Array("usr/share/gon".utf8)) == nil)
    }
}
