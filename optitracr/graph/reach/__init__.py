"""What can be reached, together, and how that is known.

A question is asked of the values that some variables have at some positions of one input. It
is answered in this order, and never from a sample:

1. from tables of what variables are functions of (`correlated`);
2. at any length (`search.ask`): a model of the few positions that the question names, in
   which all that other positions do is bounded, has no solution;
3. up to the maximal length: for each length a model of every position has none (bounded model
   checking; Biere and others 1999), or has one that the interpreter confirms;
4. open, where the budget of deterministic work is spent. Whoever asked takes the general way.
"""
