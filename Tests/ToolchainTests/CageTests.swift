import Recipe
import Testing
import Toolchain

@Suite("What a cage takes from this machine")
struct CageShortageTests {
    private func function(ephemeralStorage: Int) throws -> Recipe.Function {
        let text = #"{"name": "n", "image": "i"}"#
        var function = try #require(try RecipeParser.parse(Array(text.utf8), path: "r.json").functions.first).function
        function.ephemeralStorage = ephemeralStorage
        return function
    }

    @Test("is said when it is more memory than there is")
    func shortage() throws {
        // A pebibyte.
        let large = try function(ephemeralStorage: 1 << 30)
        let text = try #require(Cage.bubblewrap("bwrap").shortage(for: large))
        #expect(text.hasPrefix("the cage's /tmp is memory of this machine: the function may fill 1073741824 MB, and "))
        #expect(Cage.bubblewrap("bwrap").shortage(for: try function(ephemeralStorage: 1)) == nil)
        #expect(Cage.none.shortage(for: large) == nil)
    }
}
