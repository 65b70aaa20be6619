#!/usr/bin/env elixir
# Weather stations: the coldest, mean and warmest reading of each.
#
# In:  $INPUT_FILE_PATH                 readings, one a line: STATION;CELSIUS
# Out: $TMP_OUTPUT_DIR/stations.csv     one line for each station, in the order of their names
#
# Parts of the input are summed up side by side, as many at a time as there are processors.

defmodule Stations do
  @lines_of_a_part 10_000

  def run do
    input = variable("INPUT_FILE_PATH", "this function wants a file of readings, uploaded to its input bucket")
    output = variable("TMP_OUTPUT_DIR", "it names the folder that is uploaded")

    stations =
      File.stream!(input)
      |> Stream.with_index(1)
      |> Stream.reject(fn {line, _} -> String.trim(line) == "" end)
      |> Stream.chunk_every(@lines_of_a_part)
      |> Task.async_stream(&sum_up/1, timeout: :infinity)
      |> Enum.reduce(%{}, fn {:ok, part}, all -> Map.merge(all, part, fn _, a, b -> merge(a, b) end) end)

    if stations == %{}, do: stop("there is no reading in #{Path.basename(input)}")

    rows = for {name, station} <- Enum.sort(stations), do: [name, ",", row(station), "\n"]
    File.write!(Path.join(output, "stations.csv"), ["station,coldest,mean,warmest,readings\n" | rows])
    IO.puts("#{map_size(stations)} stations")
  end

  defp sum_up(lines) do
    Enum.reduce(lines, %{}, fn {line, number}, stations ->
      {name, celsius} = reading(line, number)
      Map.update(stations, name, {celsius, celsius, celsius, 1}, &merge(&1, {celsius, celsius, celsius, 1}))
    end)
  end

  defp merge({low, high, sum, count}, {low2, high2, sum2, count2}) do
    {min(low, low2), max(high, high2), sum + sum2, count + count2}
  end

  # Tenths of a degree, as whole numbers: sums are exact, in whatever order the parts come.
  defp reading(line, number) do
    with [name, value] <- line |> String.trim() |> String.split(";"),
         {celsius, ""} <- Float.parse(value) do
      {String.trim(name), round(celsius * 10)}
    else
      _ -> stop("line #{number} is not STATION;CELSIUS: #{String.trim(line)}")
    end
  end

  defp row({low, high, sum, count}) do
    [low / 10, sum / 10 / count, high / 10]
    |> Enum.map(&:erlang.float_to_binary(&1, decimals: 1))
    |> Kernel.++([Integer.to_string(count)])
    |> Enum.join(",")
  end

  defp variable(name, meaning) do
    case System.get_env(name, "") do
      "" -> stop("#{name} is not set: #{meaning}")
      value -> value
    end
  end

  defp stop(message) do
    IO.puts(:stderr, message)
    System.halt(1)
  end
end

Stations.run()
