import Recipe
import TestKit
import Testing

/// The one recipe of a text.
func parse(_ text: String, path: String = "r.json") throws -> Recipe {
    try #require(try RecipeParser.parse([UInt8](text.utf8), path: path).functions.first)
}

/// A file of the repository.
func repository(_ path: String) -> String { Golden.repositoryPath(path, from: #filePath) }
