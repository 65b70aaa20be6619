#!/usr/bin/env ruby
# frozen_string_literal: true

# Which words a text is made of.
#
# In:  $INPUT_FILE_PATH                 a text in UTF-8
# Out: $TMP_OUTPUT_DIR/words.csv        every word and how often it stands there, the most frequent first
#      $TMP_OUTPUT_DIR/summary.json     how many lines, words and letters, and the longest word
require "csv"
require "json"

def folder_or_file(name, meaning)
  ENV.fetch(name) { abort "#{name} is not set: #{meaning}" }
end

input = folder_or_file("INPUT_FILE_PATH", "this function wants a text, uploaded to its input bucket")
output = folder_or_file("TMP_OUTPUT_DIR", "it names the folder that is uploaded")

text = File.read(input, encoding: Encoding::UTF_8)
abort "#{File.basename(input)} is not UTF-8" unless text.valid_encoding?

# A word is letters, with apostrophes and hyphens inside; Ruby's case folding knows every script.
words = text.unicode_normalize(:nfc).downcase(:fold).scan(/\p{L}+(?:['’-]\p{L}+)*/)
abort "#{File.basename(input)} has no word in it" if words.empty?

ranking = words.tally.sort_by { |word, count| [-count, word] }
CSV.open(File.join(output, "words.csv"), "w") do |csv|
  csv << %w[word count]
  ranking.each { |row| csv << row }
end

summary = {
  lines: text.lines.size,
  words: words.size,
  different: ranking.size,
  letters: text.scan(/\p{L}/).size,
  longest: words.max_by { |word| [word.length, word] }
}
File.write(File.join(output, "summary.json"), "#{JSON.pretty_generate(summary)}\n")
puts "#{summary[:words]} words, #{summary[:different]} different ones; most often: #{ranking.first.first}"
