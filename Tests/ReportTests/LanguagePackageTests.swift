import Report
import TestKit
import Testing

@Suite("Packages of languages")
struct LanguagePackageTests {
    @Test("are found by what each language keeps beside them")
    func found() throws {
        let gem = """
            # -*- encoding: utf-8 -*-
            # stub: rake 13.0.6 ruby lib

            Gem::Specification.new do |s|
              s.name = "rake".freeze
              s.version = "13.0.6"
              s.required_ruby_version = Gem::Requirement.new(">= 2.2".freeze)
            end
            """
        let inspection = try InspectionFixture.inspect([
            .file("usr/share/rubygems-integration/all/specifications/rake-13.0.6.gemspec", gem),
            .file(
                "usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec",
                "s.name = 'json'\ns.version = '2.6.1'"),
            .file(
                "usr/lib/python3/dist-packages/numpy-1.24.2.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: numpy\nVersion: 1.24.2\n\nName: a line of the description"),
            .file("usr/lib/python3/dist-packages/six.egg-info/PKG-INFO", "Name: six\r\nVersion: 1.16.0\r\n"),
            .file("usr/lib/python3/dist-packages/old-1.egg-info", "Name: old\nVersion: 1\n"),
            .file("usr/lib/R/library/stats/DESCRIPTION", "Package: stats\nVersion: 4.2.2\nPriority: base\n"),
            .file("usr/local/lib/R/site-library/x/DESCRIPTION", "Package: x\nVersion: 0.1-2\n"),
            .file("srv/DESCRIPTION", "Package: no\nVersion: 1\n"),
            .file(
                "usr/lib/erlang/lib/ssl-10.8.7/ebin/ssl.app",
                "%% a comment\n{application, ssl,\n [{description, \"x\"},\n  {vsn, \"10.8.7\"},\n {modules,[]}]}.\n"),
            .file("usr/lib/elixir/lib/mix/ebin/mix.app", "{application,mix,[{description,\"mix\"},{vsn,\"1.14.0\"}]}."),
            .file("usr/lib/erlang/lib/q/ebin/q.app", "{application, 'Q', [{modules, []}]}."),
        ])
        #expect(
            inspection.languages.map { "\($0.kind) \($0.name) \($0.version)" } == [
                "gem json 2.6.1", "gem rake 13.0.6", "otp Q ", "otp mix 1.14.0", "otp ssl 10.8.7",
                "python numpy 1.24.2",
                "python old 1", "python six 1.16.0", "r stats 4.2.2", "r x 0.1-2",
            ])
    }

    @Test("are those of the layer that is seen")
    func hidden() throws {
        let path = "usr/lib/python3/dist-packages/a.dist-info/METADATA"
        let inspection = try InspectionFixture.inspect(
            [.file(path, "Name: a\nVersion: 1\n"), .file("b.dist-info/METADATA", "Name: b\nVersion: 1\n")],
            [.file(path, "Name: a\nVersion: 2\n"), .whiteout("b.dist-info")])
        #expect(inspection.languages.map { "\($0.name) \($0.version)" } == ["a 2"])
    }

    @Test(
        "are none when their files say nothing",
        arguments: [
            "", "\n", "Name:", "Name: \nVersion: 1", ":", "{application,", "{application, ", "{application, '",
            "s.name",
            "s.name =", "s.name = \"", "s.name = \"x", "\u{0}\u{0}",
        ])
    func malformed(text: String) throws {
        let inspection = try InspectionFixture.inspect([
            .file("a.dist-info/METADATA", text), .file("x/specifications/a.gemspec", text),
            .file("x/library/a/DESCRIPTION", text), .file("x/ebin/a.app", text), .file("etc/os-release", text),
        ])
        #expect(inspection.languages == [] && inspection.release == nil)
    }

    @Test("have names that are safe to show")
    func hostile() throws {
        let inspection = try InspectionFixture.inspect([
            .file("a.dist-info/METADATA", "Name: a\u{1b}[31m\nVersion: \u{202e}1\n")
        ])
        #expect(inspection.languages.map(\.name) == ["a\\x1b[31m"])
        #expect(inspection.languages.map(\.version) == ["\\u{202e}1"])
    }

    @Test("stand beside the distribution’s name")
    func release() throws {
        let inspection = try InspectionFixture.inspect([
            .file("usr/lib/os-release", "NAME=\"x\"\nID=debian\nVERSION_ID=\"12\"\n"),
            .symlink("etc/os-release", to: "../usr/lib/os-release"),
        ])
        #expect(inspection.release?.id == "debian" && inspection.release?.version == "12")
    }
}
